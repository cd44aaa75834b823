-- grain: one row per day of leads and stage that the filter admits
-- requires: ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals, ops.mv_refreshed_together
-- As of the last refresh of ops.mv_cabinet_limbo, also where the totals are of another one: they are worked out here then.
-- Not SQL: a plan that names a materialized view without rows fails, also in a branch that is not taken.
create or replace function ops.limbo_totals(p_stage text, p_week_start date, p_date_from date, p_date_to date)
  returns setof ops.mv_cabinet_limbo_totals
  language plpgsql stable rows 1000 set plan_cache_mode = force_custom_plan
as $$
begin
  if ops.mv_refreshed_together('mv_cabinet_limbo', 'mv_cabinet_limbo_totals') then
    return query
      select t.*
      from ops.mv_cabinet_limbo_totals t
      where (p_stage is null or t.limbo_stage = p_stage)
        and (p_week_start is null or t.week_start = p_week_start)
        and (p_date_from is null or t.lead_date >= p_date_from)
        and (p_date_to is null or t.lead_date <= p_date_to);
  else
    return query
      select
        l.lead_date, l.week_start, l.limbo_stage, count(*), count(l.person_key),
        count(*) filter (where l.has_claim_m1 or l.has_claim_m5 or l.has_claim_m25),
        count(*) filter (where l.person_key is null),
        count(*) filter (where not (l.has_claim_m1 or l.has_claim_m5 or l.has_claim_m25)),
        count(*) filter (where l.person_key is null and not (l.has_claim_m1 or l.has_claim_m5 or l.has_claim_m25))
      from ops.mv_cabinet_limbo l
      where (p_stage is null or l.limbo_stage = p_stage)
        and (p_week_start is null or l.week_start = p_week_start)
        and (p_date_from is null or l.lead_date >= p_date_from)
        and (p_date_to is null or l.lead_date <= p_date_to)
      group by l.lead_date, l.week_start, l.limbo_stage;
  end if;
end
$$;

comment on function ops.limbo_totals is 'What every figure of limbo is a sum of, by the screen''s filters, both ends included, as of the last refresh.';
