import * as z from 'zod';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { limit, offset } from '../page.ts';
import { claim, claimsFilter } from './claims-to-collect-filters.ts';

const page = z.strictObject({ total: z.int(), rows: z.array(claim) });

/** GET what to ask the payer for, the longest overdue first. */
export const claimsToCollect = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/claims-to-collect',
  summary: 'Unpaid claims to put to the payer, the longest overdue first',
  query: z.strictObject({
    ...claimsFilter,
    limit: limit(200, 50),
    offset,
  }),
  path: noParameters,
  answer: z.strictObject({
    status: z.literal('ok'),
    count: z.int().describe('Rows of this page.'),
    total: z.int().describe('Rows of the whole selection.'),
    filters: z.strictObject({
      date_from: z.iso.date().optional(),
      date_to: z.iso.date().optional(),
      milestone_value: z.int().optional(),
      search: z.string().optional(),
      limit: z.int(),
      offset: z.int(),
    }),
    rows: z.array(claim),
  }),
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
