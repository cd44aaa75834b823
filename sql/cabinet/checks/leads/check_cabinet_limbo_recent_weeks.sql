-- grain: one value per lead: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_recent_weeks(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.recent then concat_ws(' ', c.week_start, c.limbo_stage) end;

comment on function ops.check_cabinet_limbo_recent_weeks is 'Leads of the last eight weeks by week and stage.';
