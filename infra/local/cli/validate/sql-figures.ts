import * as z from 'zod';
import type { Database } from '../../../../functions/core/database.ts';
import { cents, type Figures } from './probes.ts';

const row = z.strictObject({
  probe: z.string(),
  figure: z.string(),
  value: z.string(),
  is_amount: z.boolean(),
});

/** What the relations behind the endpoints add up to, in one snapshot, by probe and figure. Reads them directly, not through the endpoints' functions. */
export async function sqlFigures(database: Database): Promise<ReadonlyMap<string, Figures>> {
  const rows = await database.sql(row)`
    with driver as materialized (
      select amount_due_yango, expected_total_yango, total_paid_yango, scout_id, week_start, reached_m1_14d, reached_m5_14d, reached_m25_14d
      from ops.mv_yango_cabinet_cobranza_enriched_14d
    ), counted as (
      select
        of.what, count(*) as drivers, coalesce(sum(expected_total_yango), 0) as expected, coalesce(sum(total_paid_yango), 0) as paid,
        coalesce(sum(amount_due_yango), 0) as due, count(*) filter (where reached_m1_14d) as m1, count(*) filter (where reached_m5_14d) as m5,
        count(*) filter (where reached_m25_14d) as m25, count(scout_id) as with_scout
      from driver
      right join (values ('all', false), ('with_debt', true)) of (what, with_debt) on not of.with_debt or amount_due_yango > 0
      group by of.what
    ), stages as (
      select limbo_stage, count(*) as n from ops.mv_cabinet_limbo group by rollup (limbo_stage)
    ), gaps as (
      select milestone_value, count(*) as n, coalesce(sum(expected_amount), 0) as amount
      from ops.v_cabinet_claims_gap_14d group by rollup (milestone_value)
    )
    select 'table' as probe, format('%s.%s', c.what, f.figure) as figure, f.value::text as value, f.is_amount
    from counted c cross join lateral (values
      ('total_drivers', c.drivers::numeric, false), ('total_expected_yango', c.expected, true), ('total_paid_yango', c.paid, true),
      ('total_debt_yango', c.due, true), ('drivers_m1', c.m1::numeric, false), ('drivers_m5', c.m5::numeric, false),
      ('drivers_m25', c.m25::numeric, false), ('drivers_with_scout', c.with_scout::numeric, false)) f (figure, value, is_amount)
    union all
    select 'scout-metrics', 'with_debt.' || f.figure, f.value::text, false
    from counted c cross join lateral (values
      ('total_drivers', c.drivers), ('drivers_with_scout', c.with_scout), ('drivers_without_scout', c.drivers - c.with_scout)) f (figure, value)
    where c.what = 'with_debt'
    union all
    select 'weekly-kpis', 'with_debt.' || f.figure, f.value::text, f.is_amount
    from counted c cross join lateral (values
      ('total_rows', c.drivers::numeric, false), ('debt_sum', c.due, true), ('paid_sum', c.paid, true),
      ('with_scout', c.with_scout::numeric, false), ('reached_m1', c.m1::numeric, false), ('reached_m5', c.m5::numeric, false),
      ('reached_m25', c.m25::numeric, false)) f (figure, value, is_amount)
    where c.what = 'with_debt'
    union all
    select 'limbo', stage.figure, coalesce(s.n, 0)::text, false
    from (values ('total_leads', null), ('limbo_no_identity', 'NO_IDENTITY'), ('limbo_no_driver', 'NO_DRIVER'),
                 ('limbo_no_trips_14d', 'NO_TRIPS_14D'), ('limbo_trips_no_claim', 'TRIPS_NO_CLAIM'), ('limbo_ok', 'OK')) stage (figure, name)
    left join stages s on s.limbo_stage is not distinct from stage.name
    union all
    select 'claims-gap', gap.figure, coalesce(case when gap.is_amount then g.amount else g.n end, 0)::text, gap.is_amount
    from (values ('total_gaps', null, false), ('gaps_m1', 1, false), ('gaps_m5', 5, false), ('gaps_m25', 25, false),
                 ('total_expected_amount', null, true)) gap (figure, milestone, is_amount)
    left join gaps g on g.milestone_value is not distinct from gap.milestone
    union all
    select 'reconciliation', 'total', count(*)::text, false from ops.v_cabinet_milestones_reconciled`;
  const found = new Map<string, Record<string, bigint>>();
  for (const { probe, figure, value, is_amount } of rows) {
    const figures = found.get(probe) ?? {};
    figures[figure] = is_amount ? cents(value) : BigInt(value);
    found.set(probe, figures);
  }
  return found;
}

const counted = z.strictObject({ n: z.int() });

/** Drivers who count in the table and in no week. */
export async function driversWithoutWeek(database: Database): Promise<number> {
  const [found] = await database.sql(counted)`
    select count(*)::integer as n from ops.mv_yango_cabinet_cobranza_enriched_14d where week_start is null`;
  return found?.n ?? 0;
}
