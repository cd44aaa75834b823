-- grain: one row per driver and day as the upstream sends it; no key, and rows do repeat
-- requires: none
create table public.summary_daily (
  driver_id varchar,
  date_file varchar,
  count_orders_completed integer,
  sum_work_time_seconds numeric,
  created_at timestamp
);

create index summary_daily_driver_date on public.summary_daily (driver_id, date_file);
create index summary_daily_date on public.summary_daily (date_file);
create index summary_daily_driver_count on public.summary_daily (driver_id, count_orders_completed);
