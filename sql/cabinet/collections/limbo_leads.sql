-- grain: one row per lead that the filter admits
-- requires: ops.v_cabinet_leads_limbo
-- As of now. Table and export of limbo share it; as of the last refresh they read ops.limbo_page.
create or replace function ops.limbo_leads(p_stage text, p_week_start date, p_date_from date, p_date_to date)
  returns setof ops.v_cabinet_leads_limbo
  language sql stable
as $$
  select *
  from ops.v_cabinet_leads_limbo
  where (p_stage is null or limbo_stage = p_stage)
    and (p_week_start is null or week_start = p_week_start)
    and (p_date_from is null or lead_date >= p_date_from)
    and (p_date_to is null or lead_date <= p_date_to);
$$;

comment on function ops.limbo_leads is 'The leads of limbo by stage, week and dates, both ends included.';
