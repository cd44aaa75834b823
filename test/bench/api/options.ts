import { parseArgs } from 'node:util';
import * as z from 'zod';
import { parse } from '../../../functions/core/input.ts';

const count = (max: number, min = 1) => z.coerce.number().pipe(z.int().min(min).max(max));

const options = z.strictObject({
  /** Leads to generate: of 1,950,000 come 1,000,000 rows of the view. */
  leads: count(10_000_000, 1000).default(1_950_000),
  /** Rows of public.summary_daily to generate; 8 for each lead unless given. */
  trips: count(200_000_000).optional(),
  /** Each is product, bare, bare, product. */
  rounds: count(20).default(1),
  /** Of one measurement; it lasts longer where 20 requests do. */
  seconds: z.coerce.number().pipe(z.number().positive().max(600)).default(4),
  seed: count(1_000_000).default(1),
});

export interface Options {
  readonly leads: number;
  readonly trips: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly seed: number;
}

/** @throws InputError that lists what is wrong */
export function readOptions(args: readonly string[]): Options {
  const flags = Object.keys(options.shape).map((name) => [name, { type: 'string' }] as const);
  const { values } = parseArgs({ args: [...args], strict: true, options: Object.fromEntries(flags) });
  const given = parse(options, { ...values });
  return { ...given, trips: given.trips ?? given.leads * 8 };
}
