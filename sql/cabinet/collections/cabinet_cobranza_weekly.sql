-- grain: one row per week of the drivers that the filter admits
-- requires: ops.cabinet_cobranza_totals
-- Drivers without a week are in none; ops.check_cabinet_cobranza_rows_without_week counts them.
create or replace function ops.cabinet_cobranza_weekly(
  p_materialized boolean, p_only_with_debt boolean, p_min_debt numeric, p_reached_milestone text, p_scout_id integer,
  p_scout_quality_bucket text, p_week_start date, p_week_from date, p_week_to date
)
  returns table (
    week_start date, total_rows integer, debt_sum text, with_scout integer, pct_with_scout double precision,
    reached_m1 integer, reached_m5 integer, reached_m25 integer, paid_sum text, unpaid_sum text
  )
  language sql stable
as $$
  select
    week_start,
    sum(drivers)::integer,
    sum(amount_due_yango * drivers)::numeric(14, 2)::text,
    sum(drivers_with_scout)::integer,
    round(100.0 * sum(drivers_with_scout) / sum(drivers), 2)::double precision,
    coalesce(sum(drivers) filter (where reached_m1_14d), 0)::integer,
    coalesce(sum(drivers) filter (where reached_m5_14d), 0)::integer,
    coalesce(sum(drivers) filter (where reached_m25_14d), 0)::integer,
    sum(total_paid_yango)::numeric(14, 2)::text,
    sum(amount_due_yango * drivers)::numeric(14, 2)::text
  from ops.cabinet_cobranza_totals(
    true, false, p_materialized, p_only_with_debt, p_min_debt, p_reached_milestone, p_scout_id,
    p_scout_quality_bucket, p_week_start, p_week_from, p_week_to)
  where week_start > '-infinity'
  group by week_start;
$$;

comment on function ops.cabinet_cobranza_weekly is
  'Counts and amounts (soles) by week of the drivers that the filter admits; milestones count everyone who reached them.';
