import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { CAUSES, filtersOf, POSSIBLE_EXPLANATIONS } from './payments-rows.ts';

const cause = z.strictObject({
  classification_cause: z.enum(CAUSES),
  total_cases: z.int(),
  unique_drivers: z.int(),
  count_m1: z.int(),
  count_m5: z.int(),
  count_m25: z.int(),
  without_pay_date: z.int(),
  pct_total: z.string(),
  expected_pct: z.string(),
  band_from: z.string(),
  band_to: z.string(),
  /** Null when there is no case at all. */
  within_band: z.boolean().nullable(),
  signal: z.enum(['NORMAL', 'MONITOR', 'REVIEW_CASES', 'INVESTIGATE']),
  meaning: z.string(),
  action: z.string(),
});

const counts = z.strictObject({
  total_cases: z.int(),
  unique_drivers: z.int(),
  not_applicable: z.int(),
  causes: z.array(cause),
  by_month: z.array(
    z.strictObject({
      month: z.string().nullable(),
      total_cases: z.int(),
      causes: z.record(z.string(), z.int()),
    }),
  ),
});

/** GET paid-without-achievement/counts: the distribution by cause beside its ordinary bands, and by month of payment. */
export const paymentsCauses = endpoint({
  method: 'GET',
  route: '/api/v1/yango/payments/cabinet/reconciliation/paid-without-achievement/counts',
  summary: 'Payments without achievement counted by cause, with the ordinary bands and what each means',
  query: z.strictObject({ date_from: calendarDate.optional(), date_to: calendarDate.optional() }),
  path: noParameters,
  async run({ event, query, environment }) {
    const [found] = await environment.control.sql(counts)`
      with cases as materialized (
        select driver_id, classification_cause, to_char(pay_date, 'YYYY-MM') as month
        from ops.v_cabinet_paid_without_achievement
        where (${query.date_from ?? null}::date is null or pay_date >= ${query.date_from ?? null}::date)
          and (${query.date_to ?? null}::date is null or pay_date <= ${query.date_to ?? null}::date)
      )
      select
        (select count(*) from cases)::integer as total_cases,
        (select count(distinct driver_id) from cases)::integer as unique_drivers,
        (select count(*) from ops.v_cabinet_milestones_reconciled where reconciliation_status = 'NOT_APPLICABLE')::integer as not_applicable,
        (select jsonb_agg(to_jsonb(c) - 'place' || jsonb_build_object(
           'pct_total', c.pct_total::text, 'expected_pct', c.expected_pct::text, 'band_from', c.band_from::text, 'band_to', c.band_to::text)
           order by place)
         from ops.cabinet_paid_causes(${query.date_from ?? null}::date, ${query.date_to ?? null}::date) with ordinality
           as c (classification_cause, total_cases, unique_drivers, count_m1, count_m5, count_m25, without_pay_date, pct_total,
                 expected_pct, band_from, band_to, within_band, signal, meaning, action, place)) as causes,
        coalesce((
          select jsonb_agg(jsonb_build_object('month', month, 'total_cases', total_cases, 'causes', causes) order by month desc nulls last)
          from (
            select month, sum(n)::integer as total_cases, jsonb_object_agg(classification_cause, n) as causes
            from (select month, classification_cause, count(*) as n from cases group by month, classification_cause) per_cause
            group by month
          ) per_month), '[]') as by_month`;
    return ok(event, {
      status: 'ok',
      ...found,
      filters: filtersOf(query),
      possible_explanations: POSSIBLE_EXPLANATIONS,
    });
  },
});
