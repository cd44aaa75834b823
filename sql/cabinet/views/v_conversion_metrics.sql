-- grain: one row per person and origin_tag
-- requires: observational.v_person_origins, ops.as_of, ops.in_window
create or replace view observational.v_conversion_metrics as
select
  o.person_key,
  o.origin_tag,
  o.lead_date,
  o.scout_id,
  o.driver_id,
  driver.hire_date,
  p.first_connection_date,
  p.trip_1_date as first_trip_date,
  p.trip_1_date,
  p.trip_5_date,
  p.trip_25_date,
  p.first_connection_date - o.lead_date as time_to_connection_days,
  p.trip_1_date - o.lead_date as time_to_1_days,
  p.trip_5_date - o.lead_date as time_to_5_days,
  p.trip_25_date - o.lead_date as time_to_25_days,
  coalesce(p.trips_7d, 0) as trips_7d,
  coalesce(p.trips_14d, 0) as trips_14d,
  coalesce(p.trips_30d, 0) as trips_30d
from observational.v_person_origins o
left join public.drivers driver on driver.driver_id = o.driver_id
cross join lateral (
  select
    min(trip_date) filter (where work_seconds > 0) as first_connection_date,
    min(trip_date) filter (where trips_to_date >= 1) as trip_1_date,
    min(trip_date) filter (where trips_to_date >= 5) as trip_5_date,
    min(trip_date) filter (where trips_to_date >= 25) as trip_25_date,
    sum(trips) filter (where ops.in_window(trip_date, o.lead_date, 7)) as trips_7d,
    sum(trips) filter (where ops.in_window(trip_date, o.lead_date, 14)) as trips_14d,
    sum(trips) filter (where ops.in_window(trip_date, o.lead_date, 30)) as trips_30d
  from (
    select
      t.trip_date, t.trips, t.work_seconds,
      sum(t.trips) over (order by t.trip_date rows unbounded preceding) as trips_to_date
    from canon.driver_day_trips t
    where t.driver_id = o.driver_id
      and t.trip_date >= o.lead_date
      and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
  ) day
) p;

comment on view observational.v_conversion_metrics is
  'How far each person got since day zero of a channel: first connection, days to 1, 5 and 25 trips, trips in 7, 14 and 30 days.';
