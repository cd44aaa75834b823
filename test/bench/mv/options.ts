import { parseArgs } from 'node:util';
import * as z from 'zod';
import { parse } from '../../../functions/core/input.ts';

const count = (max: number, min = 1) => z.coerce.number().pipe(z.int().min(min).max(max));

const options = z.strictObject({
  /** Leads to generate; about half of them become rows of the view. */
  leads: count(10_000_000, 1000).default(1_000_000),
  /** Rows of public.summary_daily to generate; 20 for each lead unless given. */
  trips: count(200_000_000).optional(),
  /** Each is job, bare, bare, job. */
  rounds: count(20).default(2),
  seed: count(1_000_000).default(1),
  /** A file for the query's plan, with its times and buffers. */
  plan: z.string().optional(),
});

export interface Options {
  readonly leads: number;
  readonly trips: number;
  readonly rounds: number;
  readonly seed: number;
  readonly plan: string | undefined;
}

/** @throws InputError that lists what is wrong */
export function readOptions(args: readonly string[]): Options {
  const flags = Object.keys(options.shape).map((name) => [name, { type: 'string' }] as const);
  const { values } = parseArgs({ args: [...args], strict: true, options: Object.fromEntries(flags) });
  const given = parse(options, { ...values });
  return { ...given, trips: given.trips ?? given.leads * 20, plan: given.plan };
}
