import * as z from 'zod';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import {
  CAUSES,
  driverId,
  milestoneValue,
  POSSIBLE_EXPLANATIONS,
  paidCase,
  reconciledRow,
  STATUSES,
} from './payments-rows.ts';

const fields = z.record(z.string(), z.json());

const diagnosis = z.strictObject({
  reconciliation: reconciledRow.nullable(),
  milestones_of_driver: z
    .array(reconciledRow)
    .describe('All of them, so that "M5 paid, M1 not reached" is seen on one page.'),
  classification: paidCase.extend({ meaning: z.string(), action: z.string() }).nullable(),
  evidence: z.array(
    z.strictObject({
      evidence_type: z.enum(['PAID', 'ACHIEVED_by_driver_id', 'ACHIEVED_by_person_key', 'PAYMENT_RULES']),
      evidence: fields,
    }),
  ),
  payment_states: z
    .array(fields)
    .describe('Every state in which a payment of this driver and milestone was seen.'),
  achievement_today: fields
    .nullable()
    .describe('As recorded beside what would be worked out today; null when there is neither.'),
  trips: z.array(
    z.strictObject({
      prod_date: z.iso.date(),
      trips: z.int(),
      trips_to_date: z.int(),
      in_payment_window: z.boolean(),
    }),
  ),
});
type Diagnosis = z.infer<typeof diagnosis>;

/** GET paid-without-achievement/case: all there is about one driver and milestone, whatever its status. */
export const paymentsCase = endpoint({
  method: 'GET',
  route: '/api/v1/yango/payments/cabinet/reconciliation/paid-without-achievement/case',
  summary: 'One driver and milestone: payment, achievement, rule, trips, cause and explanation',
  query: z.strictObject({ driver_id: driverId, milestone_value: milestoneValue }),
  path: noParameters,
  answer: diagnosis.extend({
    status: z.literal('ok'),
    driver_id: z.string(),
    milestone_value: z.int(),
    reconciliation_status: z.enum(STATUSES),
    explanation: z.string().describe('In Spanish.'),
    possible_explanations: z.array(z.string()).describe('Empty unless it was paid without being reached.'),
  }),
  problems: { 404: ['UNKNOWN_CASE'] },
  async run({ event, query, environment }) {
    const [found] = await environment.control.sql(diagnosis)`
      with reconciled as materialized (
        select milestone_value, to_jsonb(r) || jsonb_build_object('expected_amount', r.expected_amount::text) as row
        from ops.v_cabinet_milestones_reconciled r where r.driver_id = ${query.driver_id}::text
      ), rule as materialized (
        select first_day_in_window, last_day_in_window from ops.v_cabinet_payment_rule
        where driver_id = ${query.driver_id}::text and milestone_value = ${query.milestone_value}::integer
      )
      select
        (select row from reconciled where milestone_value = ${query.milestone_value}::integer) as reconciliation,
        coalesce((select jsonb_agg(row order by milestone_value) from reconciled), '[]') as milestones_of_driver,
        (select to_jsonb(c) || jsonb_build_object('meaning', k.meaning, 'action', k.action)
         from ops.v_cabinet_paid_without_achievement c
         join ops.v_cabinet_payment_causes k on k.classification_cause = c.classification_cause
         where c.driver_id = ${query.driver_id}::text and c.milestone_value = ${query.milestone_value}::integer) as classification,
        (select jsonb_agg(jsonb_build_object('evidence_type', evidence_type, 'evidence', evidence) order by place, evidence ->> 'driver_id')
         from ops.cabinet_payment_evidence(${query.driver_id}::text, ${query.milestone_value}::integer)) as evidence,
        coalesce((
          select jsonb_agg(to_jsonb(s) order by s.payment_key, s.revision)
          from ops.v_cabinet_payment_states s
          where s.payment_key in (
            select payment_key from ops.v_cabinet_payment_states
            where driver_id = ${query.driver_id}::text and milestone_value = ${query.milestone_value}::integer)), '[]') as payment_states,
        (select to_jsonb(t) || jsonb_build_object('expected_amount', t.expected_amount::text, 'expected_amount_today', t.expected_amount_today::text)
         from ops.cabinet_achievements_today(${query.driver_id}::text) t
         where t.milestone_value = ${query.milestone_value}::integer) as achievement_today,
        coalesce((
          select jsonb_agg(to_jsonb(d) || jsonb_build_object(
            'in_payment_window', coalesce(d.prod_date between rule.first_day_in_window and rule.last_day_in_window, false))
            order by d.prod_date desc)
          from ops.cabinet_driver_trip_days(${query.driver_id}::text) d left join rule on true), '[]') as trips`;
    if (found === undefined || found.reconciliation === null) {
      throw new NotFoundError(
        `driver ${query.driver_id} has neither reached nor been paid milestone ${query.milestone_value}`,
        { code: 'UNKNOWN_CASE' },
      );
    }
    const { reconciliation, classification } = found;
    return ok(event, {
      status: 'ok',
      driver_id: query.driver_id,
      milestone_value: query.milestone_value,
      reconciliation_status: reconciliation.reconciliation_status,
      explanation: explanation(reconciliation.reconciliation_status, classification),
      possible_explanations: classification === null ? [] : POSSIBLE_EXPLANATIONS,
      ...found,
    });
  },
});

/** What people are told, in Spanish. A payment without achievement is explained; nothing is recommended against it. */
function explanation(
  status: z.infer<typeof reconciledRow>['reconciliation_status'],
  classification: Diagnosis['classification'],
): string {
  switch (status) {
    case 'OK':
      return 'El conductor alcanzó el hito y el upstream lo pagó.';
    case 'ACHIEVED_NOT_PAID':
      return 'El conductor alcanzó el hito y el upstream todavía no lo reconoció: corresponde a cobranza.';
    case 'NOT_APPLICABLE':
      return 'Ni alcanzado ni pagado: este estado no debería existir y hay que investigarlo.';
    case 'PAID_WITHOUT_ACHIEVEMENT': {
      const cause = classification?.classification_cause ?? CAUSES[3];
      const what =
        cause === 'UPSTREAM_OVERPAYMENT' || cause === 'INSUFFICIENT_TRIPS_CONFIRMED'
          ? 'Pagado sin que conste alcanzado: es comportamiento válido del upstream y el pago se acepta.'
          : 'Pagado sin que conste alcanzado: el pago se acepta y el caso se revisa.';
      return [what, classification?.meaning, classification?.classification_evidence]
        .filter(Boolean)
        .join(' ');
    }
  }
}
