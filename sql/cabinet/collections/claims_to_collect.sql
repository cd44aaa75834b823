-- grain: one row per claim put to the payer that the filter admits
-- requires: ops.v_yango_cabinet_claims_exigimos
-- p_search is a piece of a name or id, taken literally: no character in it is a wildcard.
create or replace function ops.claims_to_collect(p_date_from date, p_date_to date, p_milestone integer, p_search text)
  returns setof ops.v_yango_cabinet_claims_exigimos
  language sql stable
as $$
  select *
  from ops.v_yango_cabinet_claims_exigimos
  where (p_date_from is null or lead_date >= p_date_from)
    and (p_date_to is null or lead_date <= p_date_to)
    and (p_milestone is null or milestone_value = p_milestone)
    and (
      p_search is null
      or strpos(lower(driver_id), lower(p_search)) > 0
      or strpos(lower(driver_name), lower(p_search)) > 0
    );
$$;

comment on function ops.claims_to_collect is 'What we ask the payer for, by lead date, milestone and a piece of the driver''s name or id.';
