-- grain: one value per lead: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_stages(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return c.limbo_stage;

comment on function ops.check_cabinet_limbo_stages is 'Leads by stage.';
