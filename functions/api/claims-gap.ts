import * as z from 'zod';
import { cursor, nextCursor } from '../core/cursor.ts';
import { calendarDate } from '../core/dates.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { money } from '../core/wire.ts';
import { leadDateFrom, leadDateTo, milestone, weekOfLead } from './lead-filters.ts';
import { limit, offset, pageMeta } from './page.ts';

/** Why an expected claim is or is not there; the first is the gap itself. docs/cabinet.md, "Claims and gaps". */
export const GAP_REASONS = [
  'CLAIM_NOT_GENERATED',
  'OK',
  'NO_IDENTITY',
  'NO_DRIVER',
  'INSUFFICIENT_TRIPS',
  'DRIVER_QUARANTINED',
  'CLAIM_REJECTED',
  'CLAIM_EXPIRED',
  'OTHER',
] as const;

export const gap = z.strictObject({
  lead_id: z.int(),
  lead_source_pk: z.string(),
  driver_id: z.string().nullable(),
  person_key: z.string().nullable(),
  lead_date: z.iso.date(),
  week_start: z.iso.date(),
  milestone_value: z.int(),
  trips_14d: z.int(),
  milestone_achieved: z.boolean(),
  expected_amount: money,
  claim_expected: z.boolean(),
  claim_exists: z.boolean(),
  claim_status: z.string(),
  gap_reason: z.enum(GAP_REASONS),
});
gap.register(z.globalRegistry, { id: 'ClaimsGap' });

/** What the table and its export may be narrowed by. */
export const gapFilters = {
  gap_reason: z
    .enum(GAP_REASONS)
    .optional()
    .describe('Every expected claim of this reason; without it the gaps alone.'),
  week_start: weekOfLead,
  lead_date_from: leadDateFrom,
  lead_date_to: leadDateTo,
  milestone_value: milestone.optional(),
};

const summary = z.strictObject({
  total_gaps: z.int(),
  gaps_milestone_achieved_no_claim: z.int().describe('Of reason CLAIM_NOT_GENERATED.'),
  gaps_claim_exists: z.int().describe('Of reason OK.'),
  gaps_milestone_not_achieved: z.int().describe('Of reason INSUFFICIENT_TRIPS.'),
  gaps_m1: z.int(),
  gaps_m5: z.int(),
  gaps_m25: z.int(),
  total_expected_amount: money,
});
summary.register(z.globalRegistry, {
  id: 'ClaimsGapTotals',
  description: 'Of the whole selection, not of the page.',
});

const page = summary.extend({ data: z.array(gap) });

/**
 * GET claims-gap: without gap_reason the gaps alone; with it, every expected claim of that reason.
 * The summary counts the whole selection, from the same snapshot as the page.
 */
export const claimsGap = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/claims-gap',
  summary: 'Expected claims that do not exist, or all expected claims by reason',
  query: z.strictObject({
    ...gapFilters,
    limit: limit(1000, 100),
    offset,
    cursor: cursor(z.tuple([calendarDate, z.int32(), z.int32()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: pageMeta, summary, data: z.array(gap) }),
  async run({ event, query, environment }) {
    const [afterDate, afterMilestone, afterLead] = query.cursor ?? [null, null, null];
    const [found] = await environment.control.sql(page)`
      with selection as materialized (
        select * from ops.v_cabinet_claims_status_14d
        where gap_reason = ${query.gap_reason ?? 'CLAIM_NOT_GENERATED'}
          and (${query.week_start ?? null}::date is null or week_start = ${query.week_start ?? null}::date)
          and (${query.lead_date_from ?? null}::date is null or lead_date >= ${query.lead_date_from ?? null}::date)
          and (${query.lead_date_to ?? null}::date is null or lead_date <= ${query.lead_date_to ?? null}::date)
          and (${query.milestone_value ?? null}::integer is null or milestone_value = ${query.milestone_value ?? null}::integer)
      ), shown as (
        select * from selection
        where ${afterDate}::date is null
           or (lead_date, milestone_value) < (${afterDate}::date, ${afterMilestone}::integer)
           or (lead_date, milestone_value) = (${afterDate}::date, ${afterMilestone}::integer) and lead_id > ${afterLead}::integer
        order by week_start desc, lead_date desc, milestone_value desc, lead_id
        limit ${query.limit} offset ${query.offset}
      )
      select
        count(*)::integer as total_gaps,
        count(*) filter (where gap_reason = 'CLAIM_NOT_GENERATED')::integer as gaps_milestone_achieved_no_claim,
        count(*) filter (where gap_reason = 'OK')::integer as gaps_claim_exists,
        count(*) filter (where gap_reason = 'INSUFFICIENT_TRIPS')::integer as gaps_milestone_not_achieved,
        count(*) filter (where milestone_value = 1)::integer as gaps_m1,
        count(*) filter (where milestone_value = 5)::integer as gaps_m5,
        count(*) filter (where milestone_value = 25)::integer as gaps_m25,
        coalesce(sum(expected_amount), 0)::numeric(14, 2)::text as total_expected_amount,
        coalesce((
          select jsonb_agg(jsonb_build_object(
            'lead_id', lead_id, 'lead_source_pk', lead_source_pk, 'driver_id', driver_id, 'person_key', person_key,
            'lead_date', lead_date, 'week_start', week_start, 'milestone_value', milestone_value, 'trips_14d', trips_14d,
            'milestone_achieved', milestone_achieved, 'expected_amount', expected_amount::text,
            'claim_expected', claim_expected, 'claim_exists', claim_exists, 'claim_status', claim_status,
            'gap_reason', gap_reason)
            order by week_start desc, lead_date desc, milestone_value desc, lead_id)
          from shown), '[]') as data
      from selection`;
    if (found === undefined) throw new Error('an aggregate without groups returned no row');
    const { data, ...totals } = found;
    return ok(event, {
      meta: {
        limit: query.limit,
        offset: query.offset,
        returned: data.length,
        total: totals.total_gaps,
        next_cursor: nextCursor(data, query.limit, (last) => [
          last.lead_date,
          last.milestone_value,
          last.lead_id,
        ]),
      },
      summary: totals,
      data,
    });
  },
});
