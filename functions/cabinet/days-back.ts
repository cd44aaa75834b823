import * as z from 'zod';

/** Which leads a job takes: those of the last so many days. */

/** The same sentence whichever way the value is wrong. */
export function wholeNumberOrAll(minimum: number, maximum: number, rule: string) {
  return z.union([z.int(rule).min(minimum, rule).max(maximum, rule), z.literal('all')], rule);
}

export const daysBack = wholeNumberOrAll(
  0,
  36_500,
  'must be a whole number of days from 0 up, or "all"; 0 means all',
);

/** The first date that is taken; null: every date. Calendar arithmetic on the date itself: no zone is involved. */
export function cutoffOf(asOf: string, days: z.output<typeof daysBack>): string | null {
  if (days === 'all' || days === 0) return null;
  const day = new Date(`${asOf}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - days);
  return day.toISOString().slice(0, 10);
}
