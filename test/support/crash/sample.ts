import { Dice } from '../dice.ts';
import type { Stop } from './points.ts';

/** `npm run faults`: every point and every fate, and many pairs; otherwise a sample that fits into every test run. */
export const ALL = process.env['FAULTS'] === 'all';

/** `FAULTS_PART=2/3`: the second of three parts, which together are all. */
const [part = 1, parts = 1] = (process.env['FAULTS_PART'] ?? '1/1').split('/').map(Number);
if (!(part >= 1 && part <= parts)) {
  throw new Error(`FAULTS_PART is ${process.env['FAULTS_PART']}: say i/n, i from 1 to n`);
}

const ofPart = <T>(all: readonly T[]): T[] => all.filter((_, index) => index % parts === part - 1);

/** Of this part every one, or of all so many, drawn by a seed. */
export function chosen<T>(from: readonly T[], sample: number, seed: number): T[] {
  return ALL ? ofPart(from) : new Dice(seed).shuffled(from).slice(0, sample);
}

/** Of this part every one, or of all every so many from one on. */
export function strided<T>(from: readonly T[], stride: number, first: number): T[] {
  return ALL ? ofPart(from) : from.filter((_, index) => index % stride === first % stride);
}

/** Nights of two stops each, drawn by a seed. */
export function pairs(
  stops: readonly Stop[],
  count: { readonly pairs: number; readonly allPairs: number },
  seed: number,
): Stop[][] {
  const dice = new Dice(seed);
  const drawn = Array.from({ length: ALL ? count.allPairs : count.pairs }, () =>
    dice.shuffled(stops).slice(0, 2),
  );
  return ALL ? ofPart(drawn) : drawn;
}

/** Seeds from 1: some, or in `npm run faults` all of them. */
export function seeds(count: { readonly some: number; readonly all: number }): number[] {
  const drawn = Array.from({ length: ALL ? count.all : count.some }, (_, index) => index + 1);
  return ALL ? ofPart(drawn) : drawn;
}
