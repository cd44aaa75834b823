-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_trips_without_driver(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.driver_id is null and c.trips_14d > 0 then format('%s viajes y ningún conductor', c.trips_14d) end;

comment on function ops.check_cabinet_limbo_trips_without_driver is 'L1: without a driver there are no trips.';
