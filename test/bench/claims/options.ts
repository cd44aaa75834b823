import { parseArgs } from 'node:util';
import * as z from 'zod';
import { parse } from '../../../functions/core/input.ts';

const count = (max: number, min = 1) => z.coerce.number().pipe(z.int().min(min).max(max));

const options = z.strictObject({
  /** Leads to generate. */
  leads: count(10_000_000, 1000).default(1_000_000),
  /** Rows of public.summary_daily to generate; 20 for each lead unless given. */
  trips: count(200_000_000).optional(),
  /** Gaps that one statement takes: a tenth of the leads, and never more than the job does, unless given. */
  gaps: count(100_000).optional(),
  /** Each is job, bare, bare, job. */
  rounds: count(20).default(2),
  /** Gaps of the row-by-row loops, at most. */
  sample: count(10_000).default(50),
  seed: count(1_000_000).default(1),
  /** A file for the statement's plan, with its times and buffers. */
  plan: z.string().optional(),
});

export interface Options {
  readonly leads: number;
  readonly trips: number;
  readonly gaps: number;
  readonly rounds: number;
  readonly sample: number;
  readonly seed: number;
  readonly plan: string | undefined;
}

/** @throws InputError that lists what is wrong */
export function readOptions(args: readonly string[]): Options {
  const flags = Object.keys(options.shape).map((name) => [name, { type: 'string' }] as const);
  const { values } = parseArgs({ args: [...args], strict: true, options: Object.fromEntries(flags) });
  const given = parse(options, { ...values });
  return {
    ...given,
    trips: given.trips ?? given.leads * 20,
    gaps: given.gaps ?? Math.max(1, Math.min(100_000, Math.floor(given.leads / 10))),
    plan: given.plan,
  };
}
