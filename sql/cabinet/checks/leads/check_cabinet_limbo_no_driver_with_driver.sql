-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_no_driver_with_driver(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.limbo_stage = 'NO_DRIVER' and c.driver_id is not null then 'NO_DRIVER con conductor' end;

comment on function ops.check_cabinet_limbo_no_driver_with_driver is 'L4: NO_DRIVER has no driver.';
