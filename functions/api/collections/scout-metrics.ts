import * as z from 'zod';
import { endpoint, noParameters } from '../../core/http.ts';
import { money } from '../../core/wire.ts';
import { answerAsOf, asOfAnswer, refresh } from './as-of.ts';
import { argumentsOf, cobranzaFilter, filtersShown, showFilters } from './filters.ts';

const metrics = z.strictObject({
  total_drivers: z.int(),
  drivers_with_scout: z.int(),
  drivers_without_scout: z.int(),
  pct_with_scout: z.number(),
  breakdown_by_quality: z.record(z.string(), z.int()),
  breakdown_by_source: z.record(z.string(), z.int()),
  drivers_without_scout_by_reason: z.record(z.string(), z.int()),
  top_missing_examples: z
    .array(
      z.strictObject({
        driver_id: z.string(),
        lead_date: z.iso.date(),
        reached_m1: z.boolean(),
        reached_m5: z.boolean(),
        reached_m25: z.boolean(),
        amount_due_yango: money,
      }),
    )
    .describe('Up to ten drivers without a scout who reached a milestone, those with the most debt first.'),
});

const row = metrics.extend({ refresh: refresh.nullable() });

/** GET how many drivers have a scout, from which source, and who matters most among those without. */
export const scoutMetrics = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/cobranza-yango/scout-attribution-metrics',
  summary: 'Coverage of scout attribution by quality and source',
  query: z.strictObject(cobranzaFilter),
  path: noParameters,
  answer: z.strictObject({
    status: z.literal('ok'),
    metrics,
    filters: z.strictObject(filtersShown),
    as_of: asOfAnswer,
  }),
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const f = argumentsOf(query);
    return answerAsOf(
      { event, environment },
      query.use_materialized,
      async (sql) => {
        const [found] = await sql(row)`
          with selection as materialized (
            select driver_id, lead_date, reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango,
                   scout_id, scout_quality_bucket, scout_source_table, person_key
            from ops.cabinet_cobranza(
              ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
              null, ${f.week}::date, null, null)
          )
          select
            ops.cabinet_cobranza_as_of(${f.materialized}::boolean) as refresh,
            count(*)::integer as total_drivers,
            count(scout_id)::integer as drivers_with_scout,
            (count(*) - count(scout_id))::integer as drivers_without_scout,
            coalesce(round(100.0 * count(scout_id) / nullif(count(*), 0), 2), 0)::double precision as pct_with_scout,
            jsonb_build_object(
              'SATISFACTORY_LEDGER', count(*) filter (where scout_quality_bucket = 'SATISFACTORY_LEDGER'),
              'EVENTS_ONLY', count(*) filter (where scout_quality_bucket = 'EVENTS_ONLY'),
              'MIGRATIONS_ONLY', count(*) filter (where scout_quality_bucket = 'MIGRATIONS_ONLY'),
              'SCOUTING_DAILY_ONLY', count(*) filter (where scout_quality_bucket = 'SCOUTING_DAILY_ONLY'),
              'CABINET_PAYMENTS_ONLY', count(*) filter (where scout_quality_bucket = 'CABINET_PAYMENTS_ONLY'),
              'MISSING', count(*) filter (where scout_quality_bucket = 'MISSING')) as breakdown_by_quality,
            jsonb_build_object(
              'lead_ledger', count(*) filter (where scout_source_table = 'observational.lead_ledger'),
              'lead_events', count(*) filter (where scout_source_table = 'observational.lead_events'),
              'migrations', count(*) filter (where scout_source_table = 'public.module_ct_migrations'),
              'scouting_daily', count(*) filter (where scout_source_table = 'public.module_ct_scouting_daily'),
              'cabinet_payments', count(*) filter (where scout_source_table = 'public.module_ct_cabinet_payments')) as breakdown_by_source,
            jsonb_build_object(
              'missing_identity', count(*) filter (where scout_id is null and person_key is null),
              'no_source_match', count(*) filter (where scout_id is null and person_key is not null)) as drivers_without_scout_by_reason,
            coalesce((
              select jsonb_agg(to_jsonb(e) order by e.amount_due_yango::numeric desc nulls last, e.lead_date desc nulls last, e.driver_id)
              from (
                select driver_id, lead_date, reached_m1_14d as reached_m1, reached_m5_14d as reached_m5, reached_m25_14d as reached_m25,
                       amount_due_yango::text
                from selection s
                where scout_id is null and (reached_m1_14d or reached_m5_14d or reached_m25_14d)
                order by s.amount_due_yango desc nulls last, lead_date desc nulls last, driver_id
                limit 10
              ) e), '[]') as top_missing_examples
          from selection`;
        if (found === undefined) throw new Error('an aggregate without groups returned no row');
        return found;
      },
      ({ refresh: _refresh, ...found }) => ({
        status: 'ok',
        metrics: found,
        filters: showFilters(query),
      }),
    );
  },
});
