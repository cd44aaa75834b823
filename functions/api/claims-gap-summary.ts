import * as z from 'zod';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { money } from '../core/wire.ts';
import { weekOfLead } from './lead-filters.ts';

const summary = z.strictObject({
  total_gaps: z.int().describe('The gaps alone, as for m1, m5 and m25: expected claims that do not exist.'),
  gaps_claim_not_generated: z.int(),
  gaps_ok: z.int(),
  gaps_no_identity: z.int(),
  gaps_no_driver: z.int(),
  gaps_insufficient_trips: z.int(),
  gaps_driver_quarantined: z.int(),
  gaps_claim_rejected: z.int(),
  gaps_claim_expired: z.int(),
  gaps_m1: z.int(),
  gaps_m5: z.int(),
  gaps_m25: z.int(),
  monto_total_expected_missing: money,
  monto_total_expected_ok: money,
});

/** GET claims-gap/summary: every lead and milestone by reason; total_gaps and gaps_m* count the gaps alone. */
export const claimsGapSummary = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/claims-gap/summary',
  summary: 'Expected claims counted by reason, with the amounts missing and covered',
  query: z.strictObject({
    week_start: weekOfLead,
  }),
  path: noParameters,
  answer: summary.extend({ week_start: z.iso.date().nullable() }),
  async run({ event, query, environment }) {
    const [found] = await environment.control.sql(summary)`
      select
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED')::integer as total_gaps,
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED')::integer as gaps_claim_not_generated,
        count(*) filter (where gap_reason = 'OK')::integer as gaps_ok,
        count(*) filter (where gap_reason = 'NO_IDENTITY')::integer as gaps_no_identity,
        count(*) filter (where gap_reason = 'NO_DRIVER')::integer as gaps_no_driver,
        count(*) filter (where gap_reason = 'INSUFFICIENT_TRIPS')::integer as gaps_insufficient_trips,
        count(*) filter (where gap_reason = 'DRIVER_QUARANTINED')::integer as gaps_driver_quarantined,
        count(*) filter (where gap_reason = 'CLAIM_REJECTED')::integer as gaps_claim_rejected,
        count(*) filter (where gap_reason = 'CLAIM_EXPIRED')::integer as gaps_claim_expired,
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED' and milestone_value = 1)::integer as gaps_m1,
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED' and milestone_value = 5)::integer as gaps_m5,
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED' and milestone_value = 25)::integer as gaps_m25,
        coalesce(sum(expected_amount) filter (where gap_reason = 'CLAIM_NOT_GENERATED'), 0)::numeric(14, 2)::text
          as monto_total_expected_missing,
        coalesce(sum(expected_amount) filter (where gap_reason = 'OK'), 0)::numeric(14, 2)::text as monto_total_expected_ok
      from ops.v_cabinet_claims_status_14d
      where ${query.week_start ?? null}::date is null or week_start = ${query.week_start ?? null}::date`;
    return ok(event, { ...found, week_start: query.week_start ?? null });
  },
});
