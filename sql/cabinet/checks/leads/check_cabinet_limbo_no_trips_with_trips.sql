-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_no_trips_with_trips(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.limbo_stage = 'NO_TRIPS_14D' and c.trips_14d <> 0 then format('NO_TRIPS_14D con %s viajes', c.trips_14d) end;

comment on function ops.check_cabinet_limbo_no_trips_with_trips is 'L5: NO_TRIPS_14D has no trips.';
