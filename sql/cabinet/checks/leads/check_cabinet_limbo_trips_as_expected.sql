-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_trips_as_expected(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.in_limbo and (c.fewest_trips = c.trips_14d and c.most_trips = c.trips_14d) is not true
    then format('%s viajes en limbo y de %s a %s en los reclamos esperados', c.trips_14d, c.fewest_trips, c.most_trips)
  end;

comment on function ops.check_cabinet_limbo_trips_as_expected is 'Limbo and the expected claims count the same trips of a lead.';
