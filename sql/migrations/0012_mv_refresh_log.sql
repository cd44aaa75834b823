-- What was refreshed, when, as of which day, and what came of it. Readers of a materialized view find its "as of" here:
-- the row is written in the transaction of the refresh itself, so they see both or neither.
create table ops.mv_refresh_log (
  id bigint generated always as identity primary key,
  schema_name text not null,
  mv_name text not null,
  status text not null check (status in ('OK', 'ERROR')),
  mode text not null check (mode in ('concurrently', 'plain')),
  mode_reason text check (mode_reason in ('NOT_POPULATED', 'NO_UNIQUE_INDEX', 'INDEX_INVALID')),
  as_of date,
  refresh_started_at timestamptz not null,
  refresh_finished_at timestamptz not null,
  duration_ms integer not null check (duration_ms >= 0),
  rows_after_refresh bigint check (rows_after_refresh >= 0),
  error_code text,
  error_message text,
  job_run_id uuid references ops.job_runs,
  check ((status = 'ERROR') = (error_code is not null)),
  check ((status = 'OK') = (rows_after_refresh is not null)),
  check ((mode = 'plain') = (mode_reason is not null))
);

create index mv_refresh_log_of_view on ops.mv_refresh_log (schema_name, mv_name, id desc);

comment on table ops.mv_refresh_log is 'One row per refresh of a materialized view that came to an end, well or badly. Written by ops.refresh_materialized_view alone.';
comment on column ops.mv_refresh_log.mode_reason is 'Why it was a plain refresh, which makes readers wait.';
comment on column ops.mv_refresh_log.as_of is 'Business date of the run: what is dated later is not in it. NULL: the present.';
