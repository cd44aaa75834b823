-- grain: one row per row of summary_daily that arrives the night after: the as-of date's, and corrections of the two days before
insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
select driver_id, date_file, trips, work_seconds, created_at
from bench.arrival
where day = (select as_of from bench.shape)
order by arrival;

insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
select driver_id, date_file, trips + 1, work_seconds + 600, (s.as_of + 1)::timestamp + interval '2 hours'
from bench.arrival a
cross join (select as_of from bench.shape) s
where day between s.as_of - 2 and s.as_of - 1 and driver_id is not null and arrival % 100 = 0
order by day, arrival;
