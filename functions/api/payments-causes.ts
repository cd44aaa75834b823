import * as z from 'zod';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { decimal } from '../core/wire.ts';
import { CAUSES, dateFrom, dateTo, filtersOf, filtersShown, POSSIBLE_EXPLANATIONS } from './payments-rows.ts';

const cause = z.strictObject({
  classification_cause: z.enum(CAUSES),
  total_cases: z.int(),
  unique_drivers: z.int(),
  count_m1: z.int(),
  count_m5: z.int(),
  count_m25: z.int(),
  without_pay_date: z.int(),
  pct_total: decimal.describe('Per cent of all cases.'),
  expected_pct: decimal,
  band_from: decimal.describe('Of the ordinary share, in per cent.'),
  band_to: decimal,
  within_band: z.boolean().nullable().describe('Null when there is no case at all.'),
  signal: z.enum(['NORMAL', 'MONITOR', 'REVIEW_CASES', 'INVESTIGATE']),
  meaning: z.string(),
  action: z.string(),
});
cause.register(z.globalRegistry, { id: 'PaymentCause' });

const counts = z.strictObject({
  total_cases: z.int(),
  unique_drivers: z.int(),
  not_applicable: z.int().describe('Neither reached nor paid: should not exist, and is to be looked into.'),
  causes: z.array(cause),
  by_month: z.array(
    z.strictObject({
      month: z.string().nullable().describe('Of the payment, such as 2026-01; null without a date.'),
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
  query: z.strictObject({ date_from: dateFrom, date_to: dateTo }),
  path: noParameters,
  answer: counts.extend({
    status: z.literal('ok'),
    filters: z.strictObject({ date_from: filtersShown.date_from, date_to: filtersShown.date_to }),
    possible_explanations: z.array(z.string()),
  }),
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
