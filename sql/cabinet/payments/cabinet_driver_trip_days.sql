-- grain: one row per day with trips of a driver, the latest 100
-- requires: ops.as_of
create or replace function ops.cabinet_driver_trip_days(p_driver_id text)
  returns table (prod_date date, trips integer, trips_to_date bigint)
  language sql stable
as $$
  select t.trip_date, t.trips, sum(t.trips) over (order by t.trip_date)
  from canon.driver_day_trips t
  where t.driver_id = p_driver_id and t.trips > 0 and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
  order by t.trip_date desc
  limit 100;
$$;

comment on function ops.cabinet_driver_trip_days(text) is 'A driver''s days with trips, the latest first, with the running sum from the first day known.';
