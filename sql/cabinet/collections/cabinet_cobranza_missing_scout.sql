-- grain: one row per driver, the ten who matter most of those without a scout
-- requires: ops.cabinet_cobranza
-- Planned with the values at hand, as ops.cabinet_cobranza_page is.
create or replace function ops.cabinet_cobranza_missing_scout(
  p_materialized boolean, p_only_with_debt boolean, p_min_debt numeric, p_reached_milestone text, p_scout_id integer, p_week_start date
)
  returns setof ops.v_cabinet_cobranza_enriched_14d
  language plpgsql stable rows 10 set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select c.*
    from ops.cabinet_cobranza(
      p_materialized, p_only_with_debt, p_min_debt, p_reached_milestone, p_scout_id, null, p_week_start, null, null) c
    where c.scout_id is null and (c.reached_m1_14d or c.reached_m5_14d or c.reached_m25_14d)
    order by c.amount_due_yango desc nulls last, c.lead_date desc nulls last, c.driver_id
    limit 10;
end
$$;

comment on function ops.cabinet_cobranza_missing_scout is 'Of the drivers without scout who reached a milestone, those for whom most is due.';
