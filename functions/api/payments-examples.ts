import * as z from 'zod';
import { endpoint, noParameters, ok, wholeNumber } from '../core/http.ts';
import { CAUSES, filtersOf, paidCase } from './payments-rows.ts';

const examples = z.strictObject({
  causes: z.array(
    z.strictObject({
      classification_cause: z.enum(CAUSES),
      meaning: z.string(),
      total_cases: z.int(),
      rows: z.array(paidCase),
    }),
  ),
});

/** GET paid-without-achievement/examples: the latest payments of each cause that has any. */
export const paymentsExamples = endpoint({
  method: 'GET',
  route: '/api/v1/yango/payments/cabinet/reconciliation/paid-without-achievement/examples',
  summary: 'The latest payments without achievement of each cause',
  query: z.strictObject({
    limit: wholeNumber(1, 100).default(10).describe('Examples of each cause, at most.'),
  }),
  path: noParameters,
  answer: examples.extend({ status: z.literal('ok'), filters: z.strictObject({ limit: z.int() }) }),
  async run({ event, query, environment }) {
    const [found] = await environment.control.sql(examples)`
      with placed as (
        select c, c.classification_cause as cause,
               row_number() over (partition by c.classification_cause
                                  order by c.pay_date desc nulls last, c.driver_id, c.milestone_value) as place
        from ops.v_cabinet_paid_without_achievement c
      ), per_cause as (
        select k.priority, k.classification_cause, k.meaning, count(*) as total_cases,
               jsonb_agg(to_jsonb(p.c) order by p.place) filter (where p.place <= ${query.limit}::integer) as rows
        from placed p
        join ops.v_cabinet_payment_causes k on k.classification_cause = p.cause
        group by k.priority, k.classification_cause, k.meaning
      )
      select coalesce(jsonb_agg(to_jsonb(e) - 'priority' order by priority), '[]') as causes from per_cause e`;
    return ok(event, { status: 'ok', filters: filtersOf(query), ...found });
  },
});
