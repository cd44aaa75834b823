import * as z from 'zod';
import { flag, wholeNumber } from '../../core/http.ts';
import { weekOfLead } from '../lead-filters.ts';
import { useMaterialized } from './as-of.ts';

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
  only_with_debt: flag().default(false).describe('Only drivers for whom the payer owes something.'),
  min_debt: z
    .string()
    .regex(/^\d{1,10}(\.\d{1,2})?$/, 'must be an amount from 0 up, such as 100 or 100.50')
    .optional()
    .describe('Only drivers for whom the payer owes at least so much, in soles.'),
  reached_milestone: z
    .string()
    .regex(/^[mM](1|5|25)$/, 'must be m1, m5 or m25')
    .toLowerCase()
    .optional()
    .describe(
      'That milestone and not the next: m1 is 1 to 4 trips, m5 5 to 24, m25 25 or more. Figures named after a milestone count everyone who reached it.',
    ),
  scout_id: wholeNumber(0, 999_999_999).optional().describe('Only drivers of this scout.'),
  week_start: weekOfLead,
  use_materialized: useMaterialized,
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

/** The filters as an answer repeats them. */
export const filtersShown = {
  only_with_debt: z.boolean(),
  min_debt: z.string().nullable(),
  reached_milestone: z.string().nullable(),
  scout_id: z.int().nullable(),
  week_start: z.iso.date().nullable(),
};

export function showFilters(filter: CobranzaFilter) {
  return {
    only_with_debt: filter.only_with_debt,
    min_debt: filter.min_debt ?? null,
    reached_milestone: filter.reached_milestone ?? null,
    scout_id: filter.scout_id ?? null,
    week_start: filter.week_start ?? null,
  };
}
