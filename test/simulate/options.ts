import { parseArgs } from 'node:util';
import * as z from 'zod';

export interface SimulateOptions {
  readonly seed: number;
  readonly days: number;
  /** 0: none; 1: every third process meets a fault, every message comes twice and late. */
  readonly disorder: number;
  /** A module whose `bodies` stands in for the cabinet's own jobs: what a careless author would write. */
  readonly careless?: string;
}

export const usage = `npm run simulate -- [--years N | --days N] [--seed N] [--disorder 0..1]
  --years     nights, by the year (1)
  --days      nights, by the day
  --seed      what happens, and what goes wrong: the same seed, the same run (1)
  --disorder  how much goes wrong (0.5)`;

const given = z.strictObject({
  years: z.coerce.number().positive().max(20).default(1),
  days: z.coerce.number().int().min(1).max(7300).optional(),
  seed: z.coerce.number().int().min(0).max(1_000_000).default(1),
  disorder: z.coerce.number().min(0).max(1).default(0.5),
});

/** @throws with a sentence on what is wrong */
export function optionsOf(args: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      years: { type: 'string' },
      days: { type: 'string' },
      seed: { type: 'string' },
      disorder: { type: 'string' },
    },
  });
  const read = given.safeParse(values);
  if (!read.success) {
    throw new Error(
      read.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('; '),
    );
  }
  const { years, days = Math.ceil(365 * years), seed, disorder } = read.data;
  return { seed, days, disorder };
}
