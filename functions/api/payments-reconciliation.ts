import * as z from 'zod';
import { cursor, cursorOf, keyText } from '../core/cursor.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { nextCursorAnswer } from '../core/wire.ts';
import { limit, offset } from './page.ts';
import {
  dateFrom,
  dateTo,
  driverId,
  filtersOf,
  filtersShown,
  listed,
  milestoneValue,
  pageShown,
  reconciledRow,
  STATUSES,
} from './payments-rows.ts';

/**
 * Bytes of rows in one page: a Lambda answers 6 MB at most, and 10,000 rows are more. A page that would be larger ends
 * sooner; next_cursor says so.
 */
const PAGE_BYTES = 5_000_000;

const page = z.strictObject({ total: z.int(), more: z.boolean(), rows: z.array(reconciledRow) });

/** GET reconciliation: every milestone reached or paid, and how the two stand to each other. */
export const paymentsReconciliation = endpoint({
  method: 'GET',
  route: '/api/v1/yango/payments/cabinet/reconciliation',
  summary: 'Milestones reached against milestones paid, per driver and milestone',
  description:
    'Dates are of the payment, else of the achievement. A page of rows beyond 5 MB ends sooner; next_cursor says so.',
  query: z.strictObject({
    driver_id: driverId.optional(),
    reconciliation_status: z
      .enum(STATUSES, `must be one of ${STATUSES.join(', ')}`)
      .optional()
      .describe('Only those that stand so.'),
    milestone_value: milestoneValue.optional(),
    date_from: dateFrom,
    date_to: dateTo,
    limit: limit(10_000, 100),
    offset,
    cursor: cursor(z.tuple([keyText, z.int32()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({
    ...listed,
    filters: z.strictObject({
      ...filtersShown,
      ...pageShown,
      reconciliation_status: z.enum(STATUSES).optional(),
    }),
    rows: z.array(reconciledRow),
    next_cursor: nextCursorAnswer,
  }),
  async run({ event, query, environment }) {
    const [afterDriver, afterMilestone] = query.cursor ?? [null, null];
    const [found] = await environment.control.sql(page)`
      with selection as materialized (
        select * from ops.v_cabinet_milestones_reconciled
        where (${query.driver_id ?? null}::text is null or driver_id = ${query.driver_id ?? null}::text)
          and (${query.reconciliation_status ?? null}::text is null or reconciliation_status = ${query.reconciliation_status ?? null}::text)
          and (${query.milestone_value ?? null}::integer is null or milestone_value = ${query.milestone_value ?? null}::integer)
          and (${query.date_from ?? null}::date is null or coalesce(pay_date, achieved_date) >= ${query.date_from ?? null}::date)
          and (${query.date_to ?? null}::date is null or coalesce(pay_date, achieved_date) <= ${query.date_to ?? null}::date)
      ), ahead as (
        select * from selection
        where ${afterDriver}::text is null or (driver_id, milestone_value) > (${afterDriver}::text, ${afterMilestone}::integer)
        order by driver_id, milestone_value
        limit ${query.limit}::integer + 1 offset ${query.offset}
      ), written as (
        select row_number() over place as place, to_jsonb(a) || jsonb_build_object('expected_amount', expected_amount::text) as row
        from ahead a
        window place as (order by driver_id, milestone_value)
      ), measured as (
        select place, row, sum(octet_length(row::text)) over (order by place) as bytes from written
      ), shown as (
        select place, row from measured where place <= ${query.limit}::integer and (bytes <= ${PAGE_BYTES}::integer or place = 1)
      )
      select
        (select count(*) from selection)::integer as total,
        (select count(*) from ahead) > (select count(*) from shown) as more,
        coalesce((select jsonb_agg(row order by place) from shown), '[]') as rows`;
    if (found === undefined) throw new Error('a select without a from clause returned no row');
    const last = found.more ? found.rows.at(-1) : undefined;
    return ok(event, {
      status: 'ok',
      count: found.rows.length,
      total: found.total,
      filters: filtersOf(query),
      rows: found.rows,
      next_cursor: last ? cursorOf([last.driver_id, last.milestone_value]) : null,
    });
  },
});
