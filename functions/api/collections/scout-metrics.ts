import * as z from 'zod';
import { endpoint, noParameters } from '../../core/http.ts';
import { money } from '../../core/wire.ts';
import { answerAsOf, asOfAnswer, DRIVERS, refresh } from './as-of.ts';
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
      query.use_materialized ? DRIVERS : null,
      async (sql) => {
        const [found] = await sql(row)`
          select
            ops.cabinet_cobranza_as_of(${f.materialized}::boolean) as refresh,
            coalesce(sum(drivers), 0)::integer as total_drivers,
            coalesce(sum(drivers_with_scout), 0)::integer as drivers_with_scout,
            coalesce(sum(drivers - drivers_with_scout), 0)::integer as drivers_without_scout,
            coalesce(round(100.0 * sum(drivers_with_scout) / nullif(sum(drivers), 0), 2), 0)::double precision as pct_with_scout,
            jsonb_build_object(
              'SATISFACTORY_LEDGER', coalesce(sum(drivers) filter (where scout_quality_bucket = 'SATISFACTORY_LEDGER'), 0),
              'EVENTS_ONLY', coalesce(sum(drivers) filter (where scout_quality_bucket = 'EVENTS_ONLY'), 0),
              'MIGRATIONS_ONLY', coalesce(sum(drivers) filter (where scout_quality_bucket = 'MIGRATIONS_ONLY'), 0),
              'SCOUTING_DAILY_ONLY', coalesce(sum(drivers) filter (where scout_quality_bucket = 'SCOUTING_DAILY_ONLY'), 0),
              'CABINET_PAYMENTS_ONLY', coalesce(sum(drivers) filter (where scout_quality_bucket = 'CABINET_PAYMENTS_ONLY'), 0),
              'MISSING', coalesce(sum(drivers) filter (where scout_quality_bucket = 'MISSING'), 0)) as breakdown_by_quality,
            -- Each source has its bucket, see ops.v_cabinet_cobranza_enriched_14d.
            jsonb_build_object(
              'lead_ledger', coalesce(sum(drivers) filter (where scout_quality_bucket = 'SATISFACTORY_LEDGER'), 0),
              'lead_events', coalesce(sum(drivers) filter (where scout_quality_bucket = 'EVENTS_ONLY'), 0),
              'migrations', coalesce(sum(drivers) filter (where scout_quality_bucket = 'MIGRATIONS_ONLY'), 0),
              'scouting_daily', coalesce(sum(drivers) filter (where scout_quality_bucket = 'SCOUTING_DAILY_ONLY'), 0),
              'cabinet_payments', coalesce(sum(drivers) filter (where scout_quality_bucket = 'CABINET_PAYMENTS_ONLY'), 0)) as breakdown_by_source,
            jsonb_build_object(
              'missing_identity', coalesce(sum(drivers_without_identity), 0),
              'no_source_match', coalesce(sum(drivers - drivers_with_scout - drivers_without_identity), 0)) as drivers_without_scout_by_reason,
            coalesce((
              select json_agg(e order by e.amount_due_yango::numeric desc nulls last, e.lead_date desc nulls last, e.driver_id)
              from (
                select driver_id, lead_date, reached_m1_14d as reached_m1, reached_m5_14d as reached_m5, reached_m25_14d as reached_m25,
                       amount_due_yango::text
                from ops.cabinet_cobranza_missing_scout(
                  ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
                  ${f.week}::date) s
              ) e), '[]') as top_missing_examples
          from ops.cabinet_cobranza_totals(
            false, true, ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
            null, ${f.week}::date, null, null)`;
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
