-- grain: one row per materialized view of ours
-- requires: ops.v_materialized_views
-- A refresh that fails leaves the old rows in place and is noticed by nobody who only reads: this is where it shows.
-- A job that was killed or gave up left no log row; its job run counts as a failure of every view.
create or replace view ops.v_mv_health as
select
  v.schema_name,
  v.mv_name,
  ok.refresh_finished_at as last_ok_refresh_finished_at,
  round(extract(epoch from now() - ok.refresh_finished_at) / 3600, 2) as hours_since_ok_refresh,
  case
    when ok.id is null or v.not_ready = 'NOT_POPULATED' then 'NO_REFRESH'
    when now() - ok.refresh_finished_at < interval '24 hours' then 'OK'
    when now() - ok.refresh_finished_at < interval '48 hours' then 'WARN'
    else 'CRIT'
  end as status_bucket,
  ok.id is null or v.not_ready is not distinct from 'NOT_POPULATED'
    or now() - ok.refresh_finished_at > interval '1440 minutes' as stale,
  last.status as last_status,
  last.error_message as last_error,
  (
    select count(*) from ops.mv_refresh_log l
    where l.schema_name = v.schema_name and l.mv_name = v.mv_name and l.id > coalesce(ok.id, 0)
  ) + (
    select count(*) from ops.job_runs j
    where j.job = 'cabinet.mv-refresh' and j.status = 'failed' and j.error ->> 'code' <> 'INVALID_INPUT'
      and j.finished_at > coalesce(ok.refresh_finished_at, '-infinity')
  ) as consecutive_failures,
  ok.rows_after_refresh,
  ok.as_of,
  now() as calculated_at,
  v.level,
  v.not_ready,
  ok.mode,
  ok.duration_ms,
  ok.run_id,
  last.refresh_finished_at as last_refresh_finished_at
from ops.v_materialized_views v
left join lateral (
  select l.*, j.run_id
  from ops.mv_refresh_log l
  left join ops.job_runs j on j.job_run_id = l.job_run_id
  where l.schema_name = v.schema_name and l.mv_name = v.mv_name and l.status = 'OK'
  order by l.id desc limit 1
) ok on true
left join lateral (
  select * from ops.mv_refresh_log l
  where l.schema_name = v.schema_name and l.mv_name = v.mv_name
  order by l.id desc limit 1
) last on true;

comment on view ops.v_mv_health is 'How old each materialized view is, and how many times in a row its refresh has failed.';
comment on column ops.v_mv_health.status_bucket is 'By the age of the last good refresh: OK below 24 hours, WARN below 48, else CRIT; NO_REFRESH when there was none.';
comment on column ops.v_mv_health.not_ready is 'Why the next refresh cannot be concurrent; NULL when it can.';
comment on column ops.v_mv_health.mode is 'Of the last good refresh, as are duration_ms, run_id, as_of and rows_after_refresh.';
