import * as z from 'zod';
import { endpoint, noParameters, ok, wholeNumber } from '../../core/http.ts';
import { claim, claimsFilter } from './claims-to-collect-filters.ts';

const page = z.strictObject({ total: z.int(), rows: z.array(claim) });

/** GET what to ask the payer for, the longest overdue first. */
export const claimsToCollect = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/claims-to-collect',
  summary: 'Unpaid claims to put to the payer, the longest overdue first',
  query: z.strictObject({
    ...claimsFilter,
    limit: wholeNumber(1, 200).default(50),
    offset: wholeNumber(0, 999_999_999).default(0),
  }),
  path: noParameters,
  async run({ event, query, environment }) {
    const [found] = await environment.control.sql(page)`
      with selection as materialized (
        select * from ops.claims_to_collect(
          ${query.date_from ?? null}::date, ${query.date_to ?? null}::date, ${query.milestone_value ?? null}::integer, ${query.search ?? null}::text)
      ), shown as (
        select * from selection
        order by days_overdue_yango desc, expected_amount desc, driver_id, milestone_value
        limit ${query.limit} offset ${query.offset}
      )
      select
        (select count(*)::integer from selection) as total,
        coalesce((
          select jsonb_agg(
            to_jsonb(s) || jsonb_build_object('expected_amount', expected_amount::text, 'yango_due_date', yango_due_date::date)
            order by days_overdue_yango desc, s.expected_amount desc, driver_id, milestone_value)
          from shown s), '[]') as rows`;
    if (found === undefined) throw new Error('a select without a from clause returned no row');
    return ok(event, {
      status: 'ok',
      count: found.rows.length,
      total: found.total,
      filters: { ...query },
      rows: found.rows,
    });
  },
});
