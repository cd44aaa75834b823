import { Dice } from '../dice.ts';
import { FATES, type Stop } from './points.ts';

/** `npm run faults`: every point and every fate, and many pairs; otherwise a sample that fits into every test run. */
export const ALL = process.env['FAULTS'] === 'all';

/** `FAULTS_PART=2/3`: the second of three parts, which together are all. */
const [part = 1, parts = 1] = (process.env['FAULTS_PART'] ?? '1/1').split('/').map(Number);

/** Every stop, or so many of them, evenly spread; another set for each seed. */
export function chosen(stops: readonly Stop[], sample: number, seed: number): Stop[] {
  if (ALL) return stops.filter((_, index) => index % parts === part - 1);
  const stride = Math.max(1, Math.ceil(stops.length / sample));
  return stops.filter((_, index) => index % stride === seed % stride);
}

/** Two stops of one night, drawn by a seed. */
export function pairs(stops: readonly Stop[], count: number, seed: number): Stop[][] {
  const dice = new Dice(seed);
  const drawn = Array.from({ length: count }, () =>
    [0, 1].flatMap(() => stops.slice(dice.below(stops.length)).slice(0, 1)),
  );
  return ALL ? drawn.filter((_, index) => index % parts === part - 1) : drawn;
}

export { FATES };
