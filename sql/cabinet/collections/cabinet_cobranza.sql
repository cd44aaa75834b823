-- grain: one row per driver that the filter admits
-- requires: ops.v_cabinet_cobranza_enriched_14d, ops.mv_yango_cabinet_cobranza_enriched_14d, ops.cabinet_cobranza_live
-- The one filter behind table, export, weekly figures and scout metrics, so that they cannot disagree. A function that the
-- planner takes apart: of the two branches it keeps one, and the conditions on parameters that are NULL vanish.
create or replace function ops.cabinet_cobranza(
  p_materialized boolean, p_only_with_debt boolean, p_min_debt numeric, p_reached_milestone text, p_scout_id integer,
  p_scout_quality_bucket text, p_week_start date, p_week_from date, p_week_to date
)
  returns setof ops.v_cabinet_cobranza_enriched_14d
  language sql stable
as $$
  select
    driver_id, lead_date, driver_name, iso_week, week_start, connected_flag, connected_date, total_trips_14d,
    reached_m1_14d, reached_m5_14d, reached_m25_14d,
    expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango,
    claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
    paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango,
    scout_id, scout_name, scout_name_normalized, scout_is_active, scout_quality_bucket, is_scout_resolved,
    scout_source_table, scout_attribution_date, scout_priority, person_key, amount_overpaid
  from (
    -- Told apart by a column and not by a condition here, which would keep the planner from looking into the branches.
    select
      true as materialized, driver_id, lead_date, driver_name, iso_week, week_start, connected_flag, connected_date, total_trips_14d,
      reached_m1_14d, reached_m5_14d, reached_m25_14d,
      expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango,
      claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
      paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango,
      scout_id, scout_name, scout_name_normalized, scout_is_active, scout_quality_bucket, is_scout_resolved,
      scout_source_table, scout_attribution_date, scout_priority, person_key, amount_overpaid
    from ops.mv_yango_cabinet_cobranza_enriched_14d
    union all
    select false, live.* from ops.cabinet_cobranza_live() live
  ) c
  where c.materialized = p_materialized
    and (not p_only_with_debt or c.amount_due_yango > 0)
    and (p_min_debt is null or c.amount_due_yango >= p_min_debt)
    and (
      p_reached_milestone is null
      or p_reached_milestone = 'm1' and c.reached_m1_14d and not c.reached_m5_14d
      or p_reached_milestone = 'm5' and c.reached_m5_14d and not c.reached_m25_14d
      or p_reached_milestone = 'm25' and c.reached_m25_14d
    )
    and (p_scout_id is null or c.scout_id = p_scout_id)
    and (p_scout_quality_bucket is null or c.scout_quality_bucket = p_scout_quality_bucket)
    and (p_week_start is null or c.week_start = p_week_start)
    and (p_week_from is null or c.week_start >= p_week_from)
    and (p_week_to is null or c.week_start <= p_week_to);
$$;

comment on function ops.cabinet_cobranza is
  'The drivers of the collection screens by the screens'' filters, from the materialized view or live. m1 and m5 mean that milestone and not the next.';
