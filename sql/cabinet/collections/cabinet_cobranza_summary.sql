-- grain: one row, the totals of the drivers that the filter admits
-- requires: ops.cabinet_cobranza_totals
create or replace function ops.cabinet_cobranza_summary(
  p_materialized boolean, p_only_with_debt boolean, p_min_debt numeric, p_reached_milestone text, p_scout_id integer,
  p_scout_quality_bucket text, p_week_start date, p_week_from date, p_week_to date
)
  returns table (
    total_drivers integer, drivers_with_expected integer, drivers_with_debt integer,
    total_expected_yango text, total_paid_yango text, total_debt_yango text, total_overpaid_yango text,
    collection_percentage double precision, drivers_m1 integer, drivers_m5 integer, drivers_m25 integer,
    drivers_with_scout integer, drivers_without_scout integer, pct_with_scout double precision
  )
  language sql stable
as $$
  select
    coalesce(sum(drivers), 0)::integer,
    coalesce(sum(drivers_with_expected), 0)::integer,
    coalesce(sum(drivers) filter (where amount_due_yango > 0), 0)::integer,
    coalesce(sum(expected_total_yango), 0)::numeric(14, 2)::text,
    coalesce(sum(total_paid_yango), 0)::numeric(14, 2)::text,
    coalesce(sum(amount_due_yango * drivers), 0)::numeric(14, 2)::text,
    coalesce(sum(amount_overpaid), 0)::numeric(14, 2)::text,
    coalesce(round(100 * sum(total_paid_yango) / nullif(sum(expected_total_yango), 0), 2), 0)::double precision,
    coalesce(sum(drivers) filter (where reached_m1_14d), 0)::integer,
    coalesce(sum(drivers) filter (where reached_m5_14d), 0)::integer,
    coalesce(sum(drivers) filter (where reached_m25_14d), 0)::integer,
    coalesce(sum(drivers_with_scout), 0)::integer,
    coalesce(sum(drivers - drivers_with_scout), 0)::integer,
    coalesce(round(100.0 * sum(drivers_with_scout) / nullif(sum(drivers), 0), 2), 0)::double precision
  from ops.cabinet_cobranza_totals(
    false, false, p_materialized, p_only_with_debt, p_min_debt, p_reached_milestone, p_scout_id,
    p_scout_quality_bucket, p_week_start, p_week_from, p_week_to);
$$;

comment on function ops.cabinet_cobranza_summary is
  'Counts and amounts (soles) of the drivers that the filter admits; drivers_m1, _m5 and _m25 count everyone who reached the milestone.';
