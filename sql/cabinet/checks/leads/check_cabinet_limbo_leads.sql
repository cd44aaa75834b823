-- grain: one value per lead: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_leads(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return 'TOTAL';

comment on function ops.check_cabinet_limbo_leads is 'The leads with a date.';
