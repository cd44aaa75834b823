import * as z from 'zod';
import { cursor, cursorOf } from '../../core/cursor.ts';
import type { Sql } from '../../core/database.ts';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { limit, offset, pageMeta } from '../page.ts';
import { answerAsOf, asOfAnswer, LIMBO, one, refresh } from './as-of.ts';
import { argumentsOf, limboFilter, limboLead } from './limbo-filters.ts';

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

const page = summary.extend({ refresh: refresh.nullable(), data: z.array(limboLead) });

const parameters = z.strictObject({
  ...limboFilter,
  limit: limit(1000, 100),
  offset,
  cursor: cursor(z.tuple([calendarDate, z.int32()])).optional(),
});
type Query = z.output<typeof parameters>;

/** GET every lead with its stage and what is missing; the summary counts the whole selection. */
export const limbo = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/limbo',
  summary: 'Leads by the stage at which they stand, and why',
  query: parameters,
  path: noParameters,
  answer: z.strictObject({ meta: pageMeta, summary, data: z.array(limboLead), as_of: asOfAnswer }),
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    return answerAsOf(
      { event, environment },
      query.use_materialized ? LIMBO : null,
      (sql) => (query.use_materialized ? keptPage(sql, query) : livePage(sql, query)),
      ({ refresh: _refresh, data, ...counts }) => {
        const last = data.length === query.limit ? data.at(-1) : undefined;
        return {
          meta: {
            limit: query.limit,
            offset: query.offset,
            returned: data.length,
            total: counts.total_leads,
            next_cursor: last ? cursorOf([last.lead_date, last.lead_id]) : null,
          },
          summary: counts,
          data,
        };
      },
    );
  },
});

async function keptPage(sql: Sql, query: Query): Promise<z.output<typeof page>> {
  const f = argumentsOf(query);
  const [afterDate, afterLead] = query.cursor ?? [null, null];
  const [found] = await sql(page)`
    select
      ops.mv_as_of(${LIMBO}) as refresh,
      coalesce(sum(leads), 0)::integer as total_leads,
      coalesce(sum(leads) filter (where limbo_stage = 'NO_IDENTITY'), 0)::integer as limbo_no_identity,
      coalesce(sum(leads) filter (where limbo_stage = 'NO_DRIVER'), 0)::integer as limbo_no_driver,
      coalesce(sum(leads) filter (where limbo_stage = 'NO_TRIPS_14D'), 0)::integer as limbo_no_trips_14d,
      coalesce(sum(leads) filter (where limbo_stage = 'TRIPS_NO_CLAIM'), 0)::integer as limbo_trips_no_claim,
      coalesce(sum(leads) filter (where limbo_stage = 'OK'), 0)::integer as limbo_ok,
      coalesce((
        select json_agg(d order by d.lead_date desc, d.lead_id)
        from (
          select
            lead_id, lead_source_pk, lead_date, week_start, park_phone, asset_plate_number, lead_name, person_key, driver_id,
            trips_14d, window_end_14d::date, reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d::text,
            has_claim_m1, has_claim_m5, has_claim_m25, limbo_stage, limbo_reason_detail,
            has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
          from ops.limbo_page(
            ${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date,
            ${afterDate}::date, ${afterLead}::integer, ${query.limit}::integer, ${query.offset}::integer)
        ) d), '[]') as data
    from ops.limbo_totals(${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date)`;
  return one(found);
}

/** The selection once for page and figures: what takes the time is to work it out. */
async function livePage(sql: Sql, query: Query): Promise<z.output<typeof page>> {
  const f = argumentsOf(query);
  const [afterDate, afterLead] = query.cursor ?? [null, null];
  const [found] = await sql(page)`
    with selection as materialized (
      select * from ops.limbo_leads(${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date)
    ), shown as (
      select * from selection
      where ${afterDate}::date is null
         or lead_date < ${afterDate}::date or lead_date = ${afterDate}::date and lead_id > ${afterLead}::integer
      order by lead_date desc, lead_id
      limit ${query.limit} offset ${query.offset}
    )
    select
      null::jsonb as refresh,
      count(*)::integer as total_leads,
      count(*) filter (where limbo_stage = 'NO_IDENTITY')::integer as limbo_no_identity,
      count(*) filter (where limbo_stage = 'NO_DRIVER')::integer as limbo_no_driver,
      count(*) filter (where limbo_stage = 'NO_TRIPS_14D')::integer as limbo_no_trips_14d,
      count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM')::integer as limbo_trips_no_claim,
      count(*) filter (where limbo_stage = 'OK')::integer as limbo_ok,
      coalesce((
        select jsonb_agg(
          to_jsonb(s) || jsonb_build_object('window_end_14d', window_end_14d::date, 'expected_amount_14d', expected_amount_14d::text)
          order by lead_date desc, lead_id)
        from shown s), '[]') as data
    from selection`;
  return one(found);
}
