-- grain: one row per materialized view of ours that holds what its log says
-- requires: none
-- A view that was made anew by a deployment is empty, whatever was logged of the one before.
create or replace view ops.v_mv_last_refresh as
select
  m.schemaname::text as schema_name, m.matviewname::text as mv_name,
  l.id as refresh_id, l.as_of, l.refresh_finished_at as refreshed_at, j.run_id, l.rows_after_refresh
from pg_matviews m
cross join lateral (
  select * from ops.mv_refresh_log l
  where l.schema_name = m.schemaname and l.mv_name = m.matviewname and l.status = 'OK'
  order by l.id desc limit 1
) l
left join ops.job_runs j on j.job_run_id = l.job_run_id
where m.ispopulated and m.schemaname in ('canon', 'observational', 'ops');

comment on view ops.v_mv_last_refresh is 'As of when each materialized view is: the last good refresh of what it holds now.';
