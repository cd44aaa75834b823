-- grain: one row per recorded achievement whose evidence does not carry it
-- requires: none
-- Of the record alone: its days add up to its trips, reach the milestone on the last of them and not before, and lie inside its window.
create or replace view ops.check_cabinet_achievement_evidence as
select
  format('driver:%s/M%s', a.driver_id, a.milestone_value) as subject,
  'los días registrados no sustentan el hito' as detail,
  jsonb_build_object('achievement_id', a.achievement_id, 'trips', a.achieved_trips_in_window, 'trips_of_days', d.trips,
                     'achieved_date', a.achieved_date, 'last_day', d.last_day, 'lead_date', a.lead_date, 'first_day', d.first_day) as evidence
from canon.milestone_achievements a
cross join lateral (
  select sum(trips) as trips, min(date) as first_day, max(date) as last_day,
         sum(trips) - (array_agg(trips order by date desc))[1] as trips_before
  from jsonb_to_recordset(a.trip_days) as day (date date, trips integer)
) d
where (d.trips = a.achieved_trips_in_window and d.last_day = a.achieved_date and d.first_day >= a.lead_date
       and d.trips_before < a.milestone_value) is not true;

comment on view ops.check_cabinet_achievement_evidence is 'What is recorded as reached is carried by the days recorded with it.';
