-- grain: one row per row of summary_daily up to the day before the as-of date, in the order in which the days arrive
create table bench.calendar as
select day::date as day, to_char(day, 'DD-MM-YYYY') as date_file
from bench.shape s cross join generate_series(s.first_day - 30, s.as_of, interval '1 day') day;
analyze bench.calendar;

create view bench.arrival as
select
  t.day, t.arrival,
  case when t.fault = 3 then null else t.driver_id end as driver_id,
  case t.fault when 0 then null when 1 then to_char(t.day, 'YYYY/MM/DD') when 2 then '31-02-2025' else c.date_file end as date_file,
  case when t.fault = 4 then -1 else t.trips end as trips,
  t.work_seconds,
  (t.day + 1)::timestamp + interval '1 hour' as created_at
from bench.trip t
join bench.calendar c on c.day = t.day;

insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
select driver_id, date_file, trips, work_seconds, created_at
from bench.arrival
where day < (select as_of from bench.shape)
order by day, arrival;

do $$
declare
  v_definition text;
begin
  for v_definition in select definition from bench.later_index loop
    execute v_definition;
  end loop;
end
$$;

analyze public.summary_daily;
