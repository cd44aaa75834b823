import * as z from 'zod';
import { money } from '../../core/wire.ts';
import { leadDateFrom, leadDateTo, weekOfLead } from '../lead-filters.ts';
import { useMaterialized } from './as-of.ts';

export const LIMBO_STAGES = ['NO_IDENTITY', 'NO_DRIVER', 'NO_TRIPS_14D', 'TRIPS_NO_CLAIM', 'OK'] as const;

export const limboFilter = {
  limbo_stage: z
    .enum(LIMBO_STAGES, `must be one of ${LIMBO_STAGES.join(', ')}`)
    .optional()
    .describe('Only leads that stand there.'),
  week_start: weekOfLead,
  lead_date_from: leadDateFrom,
  lead_date_to: leadDateTo,
  use_materialized: useMaterialized,
};

/** One lead and where it stands. `has_claim_*` are derived claims, `has_generated_claim_*` rows of the claims' table. */
export const limboLead = z.strictObject({
  lead_id: z.int(),
  lead_source_pk: z.string(),
  lead_date: z.iso.date(),
  week_start: z.iso.date(),
  park_phone: z.string().nullable(),
  asset_plate_number: z.string().nullable(),
  lead_name: z.string(),
  person_key: z.guid().nullable(),
  driver_id: z.string().nullable(),
  trips_14d: z.int(),
  window_end_14d: z.iso.date(),
  reached_m1_14d: z.boolean(),
  reached_m5_14d: z.boolean(),
  reached_m25_14d: z.boolean(),
  expected_amount_14d: money,
  has_claim_m1: z.boolean().describe('A derived claim: what the trips and the rule give, as for m5 and m25.'),
  has_claim_m5: z.boolean(),
  has_claim_m25: z.boolean(),
  limbo_stage: z.enum(LIMBO_STAGES),
  limbo_reason_detail: z.string().describe('What is missing, of whom, and what to do; in Spanish.'),
  has_generated_claim_m1: z.boolean().describe('A claim put on record, as for m5 and m25.'),
  has_generated_claim_m5: z.boolean(),
  has_generated_claim_m25: z.boolean(),
});
limboLead.register(z.globalRegistry, { id: 'LimboLead' });
export type LimboLead = z.infer<typeof limboLead>;

const filterSchema = z.strictObject(limboFilter);
export type LimboFilter = z.output<typeof filterSchema>;

/** The first arguments of ops.limbo_page, ops.limbo_totals and ops.limbo_leads, in their order. */
export function argumentsOf(filter: LimboFilter) {
  return {
    stage: filter.limbo_stage ?? null,
    week: filter.week_start ?? null,
    from: filter.lead_date_from ?? null,
    to: filter.lead_date_to ?? null,
  };
}
