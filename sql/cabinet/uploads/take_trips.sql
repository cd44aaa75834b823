-- grain: one row, the counts; the staged rows become rows of the upstream's trips
-- requires: ops.staged_trips, public.summary_daily
-- The table has no key and repeats are its way of correcting itself, so a row is all of it: one that is there, or stands
-- twice in the file, adds nothing. Which of several rows of a driver and day counts, cabinet.trips-load decides.
create or replace function ops.take_trips(
  p_upload_id uuid, p_columns text[], p_dry_run boolean,
  out inserted bigint, out ignored bigint, out different bigint, out rejected bigint, out first_date date, out last_date date,
  out oldest_created_at timestamp
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  analyze ops.staged_trips;
  with fresh as materialized (
    select distinct s.driver_id, s.date_file, s.count_orders_completed, s.sum_work_time_seconds, s.created_at
    from ops.staged_trips s
    where not exists (
      select from public.summary_daily t
      where t.driver_id = s.driver_id and t.date_file = s.date_file
        and t.count_orders_completed = s.count_orders_completed and t.created_at = s.created_at
        and (t.sum_work_time_seconds is not distinct from s.sum_work_time_seconds or 'sum_work_time_seconds' <> all (p_columns)))
  ), written as (
    insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
    select f.driver_id, f.date_file, f.count_orders_completed, f.sum_work_time_seconds, f.created_at
    from fresh f
    where not p_dry_run
    order by f.created_at, f.driver_id, f.date_file
  )
  select (select count(*) from fresh), count(*) - (select count(*) from fresh), 0, 0,
         min(to_date(s.date_file, 'DD-MM-YYYY')), max(to_date(s.date_file, 'DD-MM-YYYY')), (select min(f.created_at) from fresh f)
  into inserted, ignored, different, rejected, first_date, last_date, oldest_created_at
  from ops.staged_trips s;
end
$$;

comment on function ops.take_trips is 'Adds the staged rows of trips that are not there yet.';
