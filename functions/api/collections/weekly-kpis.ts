import * as z from 'zod';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { answerAsOf, refresh } from './as-of.ts';
import { argumentsOf, cobranzaFilter, QUALITY_BUCKETS } from './filters.ts';

const answer = z.strictObject({
  refresh: refresh.nullable(),
  weeks: z.array(
    z.strictObject({
      week_start: z.iso.date(),
      total_rows: z.int(),
      debt_sum: z.string(),
      with_scout: z.int(),
      pct_with_scout: z.number(),
      reached_m1: z.int(),
      reached_m5: z.int(),
      reached_m25: z.int(),
      paid_sum: z.string(),
      unpaid_sum: z.string(),
    }),
  ),
});

/** GET the table's figures by week, newest first; milestones count everyone who reached them. */
export const weeklyKpis = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/cobranza-yango/weekly-kpis',
  summary: 'Debt, payments, milestones and scouts by week',
  query: z.strictObject({
    ...cobranzaFilter,
    scout_quality_bucket: z.enum(QUALITY_BUCKETS, `must be one of ${QUALITY_BUCKETS.join(', ')}`).optional(),
    week_start_from: calendarDate.optional(),
    week_start_to: calendarDate.optional(),
    limit_weeks: wholeNumber(1, 200).default(52),
  }),
  path: noParameters,
  async run({ event, query, environment }) {
    const f = argumentsOf(query);
    return answerAsOf(
      { event, environment },
      query.use_materialized,
      async (sql) => {
        const [found] = await sql(answer)`
          select
            ops.cabinet_cobranza_as_of(${f.materialized}::boolean) as refresh,
            coalesce((
              select json_agg(w order by w.week_start desc)
              from (
                select
                  week_start,
                  sum(drivers)::integer as total_rows,
                  sum(amount_due_yango * drivers)::numeric(14, 2)::text as debt_sum,
                  sum(drivers_with_scout)::integer as with_scout,
                  round(100.0 * sum(drivers_with_scout) / sum(drivers), 2)::double precision as pct_with_scout,
                  coalesce(sum(drivers) filter (where reached_m1_14d), 0)::integer as reached_m1,
                  coalesce(sum(drivers) filter (where reached_m5_14d), 0)::integer as reached_m5,
                  coalesce(sum(drivers) filter (where reached_m25_14d), 0)::integer as reached_m25,
                  sum(total_paid_yango)::numeric(14, 2)::text as paid_sum,
                  sum(amount_due_yango * drivers)::numeric(14, 2)::text as unpaid_sum
                from ops.cabinet_cobranza_totals(
                  true, false, ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                  ${query.scout_quality_bucket ?? null}::text, ${f.week}::date,
                  ${query.week_start_from ?? null}::date, ${query.week_start_to ?? null}::date)
                where week_start > '-infinity'
                group by week_start
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
          only_with_debt: query.only_with_debt,
          min_debt: query.min_debt ?? null,
          reached_milestone: query.reached_milestone ?? null,
          scout_id: query.scout_id ?? null,
          scout_quality_bucket: query.scout_quality_bucket ?? null,
          week_start: query.week_start ?? null,
          week_start_from: query.week_start_from ?? null,
          week_start_to: query.week_start_to ?? null,
          limit_weeks: query.limit_weeks,
        },
      }),
    );
  },
});
