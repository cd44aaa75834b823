import * as z from 'zod';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { money } from '../../core/wire.ts';
import { answerAsOf, asOfAnswer, DRIVERS, refresh } from './as-of.ts';
import { argumentsOf, cobranzaFilter, filtersShown, QUALITY_BUCKETS, showFilters } from './filters.ts';

const weeks = z.array(
  z
    .strictObject({
      week_start: z.iso.date(),
      total_rows: z.int(),
      debt_sum: money,
      with_scout: z.int(),
      pct_with_scout: z.number(),
      reached_m1: z.int().describe('Everyone with 1 trip or more, as for 5 and 25: inclusive.'),
      reached_m5: z.int(),
      reached_m25: z.int(),
      paid_sum: money,
      unpaid_sum: money.describe('The same as debt_sum.'),
    })
    .meta({ id: 'WeeklyKpis' }),
);

const row = z.strictObject({ refresh: refresh.nullable(), weeks });

/** GET the table's figures by week, newest first; milestones count everyone who reached them. */
export const weeklyKpis = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/cobranza-yango/weekly-kpis',
  summary: 'Debt, payments, milestones and scouts by week',
  query: z.strictObject({
    ...cobranzaFilter,
    scout_quality_bucket: z
      .enum(QUALITY_BUCKETS, `must be one of ${QUALITY_BUCKETS.join(', ')}`)
      .optional()
      .describe('Only drivers whose scout is known so.'),
    week_start_from: calendarDate.optional().describe('No week that begins before it.'),
    week_start_to: calendarDate.optional().describe('No week that begins after it.'),
    limit_weeks: wholeNumber(1, 200).default(52).describe('The latest so many weeks.'),
  }),
  path: noParameters,
  answer: z.strictObject({
    status: z.literal('ok'),
    weeks,
    filters: z.strictObject({
      ...filtersShown,
      scout_quality_bucket: z.enum(QUALITY_BUCKETS).nullable(),
      week_start_from: z.iso.date().nullable(),
      week_start_to: z.iso.date().nullable(),
      limit_weeks: z.int(),
    }),
    as_of: asOfAnswer,
  }),
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const f = argumentsOf(query);
    return answerAsOf(
      { event, environment },
      query.use_materialized ? DRIVERS : null,
      async (sql) => {
        const [found] = await sql(row)`
          select
            ops.cabinet_cobranza_as_of(${f.materialized}::boolean) as refresh,
            coalesce((
              select json_agg(w order by w.week_start desc)
              from (
                select *
                from ops.cabinet_cobranza_weekly(
                  ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                  ${query.scout_quality_bucket ?? null}::text, ${f.week}::date,
                  ${query.week_start_from ?? null}::date, ${query.week_start_to ?? null}::date)
                order by week_start desc
                limit ${query.limit_weeks}
              ) w), '[]') as weeks`;
        if (found === undefined) throw new Error('a select without a from clause returned no row');
        return found;
      },
      ({ weeks }) => ({
        status: 'ok',
        weeks,
        filters: {
          ...showFilters(query),
          scout_quality_bucket: query.scout_quality_bucket ?? null,
          week_start_from: query.week_start_from ?? null,
          week_start_to: query.week_start_to ?? null,
          limit_weeks: query.limit_weeks,
        },
      }),
    );
  },
});
