import * as z from 'zod';
import { cursor, cursorOf } from '../../core/cursor.ts';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { limit, offset, pageMeta } from '../page.ts';
import { limboFilter, limboLead } from './limbo-filters.ts';

const summary = z.strictObject({
  total_leads: z.int(),
  limbo_no_identity: z.int(),
  limbo_no_driver: z.int(),
  limbo_no_trips_14d: z.int(),
  limbo_trips_no_claim: z.int(),
  limbo_ok: z.int(),
});
summary.register(z.globalRegistry, {
  id: 'LimboSummary',
  description: 'Of the whole selection, not of the page.',
});

const page = summary.extend({ data: z.array(limboLead) });

/** GET every lead with its stage and what is missing; the summary counts the whole selection. */
export const limbo = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/limbo',
  summary: 'Leads by the stage at which they stand, and why',
  query: z.strictObject({
    ...limboFilter,
    limit: limit(1000, 100),
    offset,
    cursor: cursor(z.tuple([calendarDate, z.int32()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: pageMeta, summary, data: z.array(limboLead) }),
  async run({ event, query, environment }) {
    const [afterDate, afterLead] = query.cursor ?? [null, null];
    const [found] = await environment.control.sql(page)`
      with selection as materialized (
        select * from ops.limbo_leads(
          ${query.limbo_stage ?? null}::text, ${query.week_start ?? null}::date, ${query.lead_date_from ?? null}::date, ${query.lead_date_to ?? null}::date)
      ), shown as (
        select * from selection
        where ${afterDate}::date is null
           or lead_date < ${afterDate}::date or lead_date = ${afterDate}::date and lead_id > ${afterLead}::integer
        order by week_start desc, lead_date desc, lead_id
        limit ${query.limit} offset ${query.offset}
      )
      select
        count(*)::integer as total_leads,
        count(*) filter (where limbo_stage = 'NO_IDENTITY')::integer as limbo_no_identity,
        count(*) filter (where limbo_stage = 'NO_DRIVER')::integer as limbo_no_driver,
        count(*) filter (where limbo_stage = 'NO_TRIPS_14D')::integer as limbo_no_trips_14d,
        count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM')::integer as limbo_trips_no_claim,
        count(*) filter (where limbo_stage = 'OK')::integer as limbo_ok,
        coalesce((
          select jsonb_agg(
            to_jsonb(s) || jsonb_build_object('window_end_14d', window_end_14d::date, 'expected_amount_14d', expected_amount_14d::text)
            order by week_start desc, lead_date desc, lead_id)
          from shown s), '[]') as data
      from selection`;
    if (found === undefined) throw new Error('an aggregate without groups returned no row');
    const { data, ...summary } = found;
    const last = data.length === query.limit ? data.at(-1) : undefined;
    return ok(event, {
      meta: {
        limit: query.limit,
        offset: query.offset,
        returned: data.length,
        total: summary.total_leads,
        next_cursor: last ? cursorOf([last.lead_date, last.lead_id]) : null,
      },
      summary,
      data,
    });
  },
});
