import * as z from 'zod';
import { cursor, cursorOf, keyText } from '../../core/cursor.ts';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, flag, noParameters } from '../../core/http.ts';
import { money } from '../../core/wire.ts';
import { limit, offset, pageMeta } from '../page.ts';
import { answerAsOf, asOfAnswer, DRIVERS, refresh } from './as-of.ts';
import { driver } from './driver.ts';
import { argumentsOf, cobranzaFilter } from './filters.ts';

const summary = z.strictObject({
  total_drivers: z.int(),
  drivers_with_expected: z.int(),
  drivers_with_debt: z.int(),
  total_expected_yango: money,
  total_paid_yango: money,
  total_debt_yango: money,
  total_overpaid_yango: money.describe(
    'Paid beyond what is expected, per milestone; soles, as a decimal string.',
  ),
  collection_percentage: z
    .number()
    .describe('Paid of expected, in per cent with two decimals; 0 when nothing is expected.'),
  drivers_m1: z
    .int()
    .describe('Everyone with 1 trip or more: inclusive, unlike the parameter reached_milestone.'),
  drivers_m5: z.int().describe('Everyone with 5 trips or more.'),
  drivers_m25: z.int().describe('Everyone with 25 trips or more.'),
  drivers_with_scout: z.int(),
  drivers_without_scout: z.int(),
  pct_with_scout: z.number(),
});
summary.register(z.globalRegistry, { id: 'StandingSummary' });

const page = z.strictObject({
  refresh: refresh.nullable(),
  /** Only where no summary counts. */
  counted: z.int().nullable(),
  summary: summary.nullable(),
  /** Only where it is another than the summary. */
  summary_total: summary.nullable(),
  data: z.array(driver),
});

/** GET the drivers' standing: a page, and the totals of the selection and of everyone, all from one snapshot. */
export const cobranzaTable = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d',
  summary: 'What the payer owes per driver, with scout and totals',
  query: z.strictObject({
    ...cobranzaFilter,
    include_summary: flag().default(true).describe('Also add up the selection, and everyone.'),
    limit: limit(1000, 200),
    offset,
    cursor: cursor(z.tuple([calendarDate, keyText])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({
    meta: pageMeta,
    summary: summary.nullable().describe('Of the selection.'),
    summary_total: summary.nullable().describe('Of everyone, whatever the filters.'),
    data: z.array(driver),
    as_of: asOfAnswer,
  }),
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const f = argumentsOf(query);
    const filtered = f.withDebt || [f.minDebt, f.milestone, f.scout, f.week].some((each) => each !== null);
    const [afterDate, afterDriver] = query.cursor ?? [null, null];
    return answerAsOf(
      { event, environment },
      query.use_materialized ? DRIVERS : null,
      async (sql) => {
        const [found] = await sql(page)`
          select
            ops.cabinet_cobranza_as_of(${f.materialized}::boolean) as refresh,
            case when not ${query.include_summary}::boolean then (
              select coalesce(sum(drivers), 0)::integer from ops.cabinet_cobranza_totals(
                false, false, ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                null, ${f.week}::date, null, null)) end as counted,
            case when ${query.include_summary}::boolean then (
              select to_jsonb(s) from ops.cabinet_cobranza_summary(
                ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                null, ${f.week}::date, null, null) s) end as summary,
            case when ${query.include_summary && filtered}::boolean then (
              select to_jsonb(s) from ops.cabinet_cobranza_summary(
                ${f.materialized}::boolean, false, null, null, null, null, null, null, null) s) end as summary_total,
            coalesce((
              -- Not jsonb, which takes four times as long.
              select json_agg(d order by d.lead_date desc, d.driver_id)
              from (
                select
                  driver_id, driver_name, lead_date, iso_week, week_start, connected_flag, connected_date, total_trips_14d,
                  reached_m1_14d, reached_m5_14d, reached_m25_14d,
                  expected_amount_m1::text, expected_amount_m5::text, expected_amount_m25::text, expected_total_yango::text,
                  claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
                  paid_amount_m1::text, paid_amount_m5::text, paid_amount_m25::text, total_paid_yango::text, amount_due_yango::text,
                  scout_id, scout_name, scout_quality_bucket, is_scout_resolved, scout_source_table, scout_attribution_date, scout_priority
                from ops.cabinet_cobranza_page(
                  ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                  ${f.week}::date, ${afterDate}::date, ${afterDriver}::text, ${query.limit}::integer, ${query.offset}::integer)
              ) d), '[]') as data`;
        if (found === undefined) throw new Error('a select without a from clause returned no row');
        return found;
      },
      ({ counted, summary, summary_total, data }) => {
        const last = data.length === query.limit ? data.at(-1) : undefined;
        return {
          meta: {
            limit: query.limit,
            offset: query.offset,
            returned: data.length,
            total: summary?.total_drivers ?? counted,
            next_cursor: last ? cursorOf([last.lead_date, last.driver_id]) : null,
          },
          summary,
          summary_total: filtered ? summary_total : summary,
          data,
        };
      },
    );
  },
});
