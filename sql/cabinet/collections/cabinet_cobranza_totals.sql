-- grain: one row of totals, as in ops.mv_cabinet_cobranza_totals, of the drivers that the filter admits
-- requires: ops.mv_cabinet_cobranza_totals, ops.cabinet_cobranza_totals_current, ops.cabinet_cobranza
-- By week and by quality only where that is asked for: the fewer rows, the sooner they are added up.
-- Where the totals are not of the refresh that the drivers are as of, and for the live view, they are worked out here.
-- Not SQL: a plan that names a materialized view without rows fails, also in a branch that is not taken. And planned with
-- the values at hand, which decide the branch of ops.cabinet_cobranza.
create or replace function ops.cabinet_cobranza_totals(
  p_by_week boolean, p_by_quality boolean,
  p_materialized boolean, p_only_with_debt boolean, p_min_debt numeric, p_reached_milestone text, p_scout_id integer,
  p_scout_quality_bucket text, p_week_start date, p_week_from date, p_week_to date
)
  returns setof ops.mv_cabinet_cobranza_totals
  language plpgsql stable rows 100 set plan_cache_mode = force_custom_plan
as $$
declare
  v_of_week constant boolean := p_by_week or p_week_start is not null or p_week_from is not null or p_week_to is not null;
  v_of_quality constant boolean := p_by_quality or p_scout_quality_bucket is not null;
begin
  if p_materialized and ops.cabinet_cobranza_totals_current() then
    return query
      select t.*
      from ops.mv_cabinet_cobranza_totals t
      where t.of_scout = (p_scout_id is not null)
        and t.scout_id = coalesce(p_scout_id, 0)
        and t.of_week = v_of_week
        and t.of_quality = v_of_quality
        and (not p_only_with_debt or t.amount_due_yango > 0)
        and (p_min_debt is null or t.amount_due_yango >= p_min_debt)
        and (
          p_reached_milestone is null
          or p_reached_milestone = 'm1' and t.reached_m1_14d and not t.reached_m5_14d
          or p_reached_milestone = 'm5' and t.reached_m5_14d and not t.reached_m25_14d
          or p_reached_milestone = 'm25' and t.reached_m25_14d
        )
        and (p_scout_quality_bucket is null or t.scout_quality_bucket = p_scout_quality_bucket)
        and (p_week_start is null or t.week_start = p_week_start)
        and (p_week_from is null or t.week_start >= p_week_from)
        and (p_week_to is null or t.week_start <= p_week_to);
  else
    return query
      select
        p_scout_id is not null, coalesce(p_scout_id, 0), true, c.week_start, true, c.scout_quality_bucket,
        c.reached_m1_14d, c.reached_m5_14d, c.reached_m25_14d, c.amount_due_yango,
        count(*), count(*) filter (where c.expected_total_yango > 0), count(c.scout_id),
        count(*) filter (where c.scout_id is null and c.person_key is null),
        sum(c.expected_total_yango), sum(c.total_paid_yango), sum(c.amount_overpaid)
      from ops.cabinet_cobranza(
        p_materialized, p_only_with_debt, p_min_debt, p_reached_milestone, p_scout_id,
        p_scout_quality_bucket, p_week_start, p_week_from, p_week_to) c
      group by c.week_start, c.scout_quality_bucket, c.reached_m1_14d, c.reached_m5_14d, c.reached_m25_14d, c.amount_due_yango;
  end if;
end
$$;

comment on function ops.cabinet_cobranza_totals is
  'What every figure of the collection screens is a sum of, by the screens'' filters, as of the last refresh or live.';
