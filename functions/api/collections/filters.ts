import * as z from 'zod';
import { calendarDate } from '../../core/dates.ts';
import { wholeNumber } from '../../core/http.ts';

/** `true` or `false` in a query string. */
export function flag(fallback: boolean) {
  return z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .default(fallback);
}

export const QUALITY_BUCKETS = [
  'SATISFACTORY_LEDGER',
  'EVENTS_ONLY',
  'MIGRATIONS_ONLY',
  'SCOUTING_DAILY_ONLY',
  'CABINET_PAYMENTS_ONLY',
  'MISSING',
] as const;

/** What every endpoint over the drivers' standing can be asked, each with the same meaning everywhere. */
export const cobranzaFilter = {
  only_with_debt: flag(false),
  min_debt: z
    .string()
    .regex(/^\d{1,10}(\.\d{1,2})?$/, 'must be an amount from 0 up, such as 100 or 100.50')
    .optional(),
  /** That milestone and not the next: M1 is 1 to 4 trips, M5 5 to 24, M25 25 or more. */
  reached_milestone: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['m1', 'm5', 'm25'], 'must be m1, m5 or m25'))
    .optional(),
  scout_id: wholeNumber(0, 999_999_999).optional(),
  week_start: calendarDate.optional(),
  /** The view as of its last refresh; false: what the tables say now, which takes longer. */
  use_materialized: flag(true),
};

const filterSchema = z.strictObject(cobranzaFilter);
export type CobranzaFilter = z.output<typeof filterSchema>;

/** The first arguments of ops.cabinet_cobranza, in its order; the last three are weeks. */
export function argumentsOf(filter: CobranzaFilter) {
  return {
    materialized: filter.use_materialized,
    withDebt: filter.only_with_debt,
    minDebt: filter.min_debt ?? null,
    milestone: filter.reached_milestone ?? null,
    scout: filter.scout_id ?? null,
    week: filter.week_start ?? null,
  };
}
