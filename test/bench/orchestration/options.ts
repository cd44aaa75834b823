import { parseArgs } from 'node:util';
import * as z from 'zod';
import { parse } from '../../../functions/core/input.ts';

const count = (max: number) => z.coerce.number().pipe(z.int().min(1).max(max));

const options = z.strictObject({
  /** Jobs of the pipeline, each after the one before. */
  tasks: count(100).default(10),
  /** Runs one after the other, of which time per task and dispatch are measured. */
  single: count(1000).default(50),
  /** Runs at once, of which completions per second are measured. */
  runs: count(5000).default(300),
  /** Workers at once, each with two connections, as that many Lambda environments have. */
  workers: count(50).default(8),
  /** Of each measurement on a bare connection. */
  seconds: count(60).default(5),
});

export type Options = z.output<typeof options>;

/** @throws InputError that lists what is wrong */
export function readOptions(args: readonly string[]): Options {
  const flags = Object.keys(options.shape).map((name) => [name, { type: 'string' }] as const);
  const { values } = parseArgs({ args: [...args], strict: true, options: Object.fromEntries(flags) });
  return parse(options, { ...values });
}
