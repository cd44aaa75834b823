-- grain: one row per pair of leads of one driver whose windows share days with trips
-- requires: ops.v_cabinet_lead_resolution, ops.as_of, ops.in_window
-- O-3: every definition counts the same trips for both leads. Each lead beside the next one of its driver and not all pairs:
-- who shares trips with a later one shares them with the next.
create or replace view ops.check_cabinet_overlapping_windows as
select
  format('lead:%s/lead:%s', lead_id, next_lead_id) as subject,
  format('dos leads a %s días: %s viajes cuentan para ambos', next_date - lead_date, shared.trips) as detail,
  jsonb_build_object('lead_id', lead_id, 'next_lead_id', next_lead_id, 'driver_id', driver_id, 'lead_date', lead_date, 'next_lead_date', next_date,
                     'shared_trips', shared.trips) as evidence
from (
  select
    lead_id, lead_date, driver_id,
    lead(lead_id) over w as next_lead_id, lead(lead_date) over w as next_date
  from ops.v_cabinet_lead_resolution
  where driver_id is not null
  window w as (partition by driver_id order by lead_date, lead_id)
) pair
cross join lateral (
  select sum(t.trips) as trips
  from canon.driver_day_trips t
  where t.driver_id = pair.driver_id and t.trip_date >= pair.next_date and ops.in_window(t.trip_date, pair.lead_date, 14)
    and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
) shared
where ops.in_window(next_date, lead_date, 14) and shared.trips > 0;

comment on view ops.check_cabinet_overlapping_windows is 'Pairs of consecutive leads of one driver for which the same trips count.';
