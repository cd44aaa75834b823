import * as z from 'zod';
import { cursor, cursorOf, keyText } from '../core/cursor.ts';
import { calendarDate } from '../core/dates.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { nextCursorAnswer } from '../core/wire.ts';
import { limit, offset } from './page.ts';
import {
  CAUSES,
  dateFrom,
  dateTo,
  driverId,
  filtersOf,
  filtersShown,
  listed,
  milestoneValue,
  pageShown,
  paidCase,
} from './payments-rows.ts';

const page = z.strictObject({ total: z.int(), rows: z.array(paidCase) });

/** Stands in a cursor for a payment without a date, which comes after all that have one. */
const NO_DATE = '-infinity';

/** GET paid-without-achievement: every such payment with its cause and the evidence for it. */
export const paymentsWithoutAchievement = endpoint({
  method: 'GET',
  route: '/api/v1/yango/payments/cabinet/reconciliation/paid-without-achievement',
  summary: 'Payments of milestones that are not recorded as reached, with cause and evidence',
  query: z.strictObject({
    classification_cause: z
      .enum(CAUSES, `must be one of ${CAUSES.join(', ')}`)
      .optional()
      .describe('Only payments of this cause.'),
    driver_id: driverId.optional(),
    milestone_value: milestoneValue.optional(),
    date_from: dateFrom,
    date_to: dateTo,
    limit: limit(1000, 100),
    offset,
    cursor: cursor(
      z.tuple([z.enum(CAUSES), z.union([calendarDate, z.literal(NO_DATE)]), keyText, z.int32()]),
    ).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({
    ...listed,
    filters: z.strictObject({
      ...filtersShown,
      ...pageShown,
      classification_cause: z.enum(CAUSES).optional(),
    }),
    rows: z.array(paidCase),
    next_cursor: nextCursorAnswer,
  }),
  async run({ event, query, environment }) {
    const [afterCause, afterDate, afterDriver, afterMilestone] = query.cursor ?? [null, null, null, null];
    const [found] = await environment.control.sql(page)`
      with selection as materialized (
        select *, coalesce(pay_date, ${NO_DATE}) as paid_on from ops.v_cabinet_paid_without_achievement
        where (${query.classification_cause ?? null}::text is null or classification_cause = ${query.classification_cause ?? null}::text)
          and (${query.driver_id ?? null}::text is null or driver_id = ${query.driver_id ?? null}::text)
          and (${query.milestone_value ?? null}::integer is null or milestone_value = ${query.milestone_value ?? null}::integer)
          and (${query.date_from ?? null}::date is null or pay_date >= ${query.date_from ?? null}::date)
          and (${query.date_to ?? null}::date is null or pay_date <= ${query.date_to ?? null}::date)
      ), shown as (
        select s.*, row_number() over (order by classification_cause, paid_on desc, driver_id, milestone_value) as place
        from selection s
        where ${afterCause}::text is null
           or classification_cause > ${afterCause}::text
           or classification_cause = ${afterCause}::text and (
                paid_on < ${afterDate}::date
                or paid_on = ${afterDate}::date and (driver_id, milestone_value) > (${afterDriver}::text, ${afterMilestone}::integer))
        order by place
        limit ${query.limit} offset ${query.offset}
      )
      select
        (select count(*) from selection)::integer as total,
        coalesce((select jsonb_agg(to_jsonb(s) - 'place' - 'paid_on' order by place) from shown s), '[]') as rows`;
    if (found === undefined) throw new Error('a select without a from clause returned no row');
    const last = found.rows.length === query.limit ? found.rows.at(-1) : undefined;
    return ok(event, {
      status: 'ok',
      count: found.rows.length,
      total: found.total,
      filters: filtersOf(query),
      rows: found.rows,
      next_cursor: last
        ? cursorOf([
            last.classification_cause,
            last.pay_date ?? NO_DATE,
            last.driver_id,
            last.milestone_value,
          ])
        : null,
    });
  },
});
