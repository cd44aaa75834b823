-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_every_lead(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when not c.in_limbo then 'el lead no está en limbo' end;

comment on function ops.check_cabinet_limbo_every_lead is 'Limbo shows every lead with a date.';
