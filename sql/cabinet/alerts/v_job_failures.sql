-- grain: one row per job of the runs for real, on or before the business date
-- requires: ops.today, ops.v_alert_rules_in_force
-- Skipped is the consequence of another job's failure and counts neither way; neither does a caller's wrong input.
-- The evaluation itself is left out: whenever somebody could read of its failures here, it has just worked.
create or replace view ops.v_job_failures as
with ended as (
  select
    j.job, j.status,
    row_number() over (partition by j.job order by j.finished_at desc, j.job_run_id) as place
  from ops.job_runs j
  join ops.runs r on r.run_id = j.run_id
  where j.status in ('succeeded', 'failed')
    and j.shard = 0
    and not r.dry_run
    and r.as_of <= (select ops.today())
    and j.error ->> 'code' is distinct from 'INVALID_INPUT'
    and j.job <> 'cabinet.alert-evaluation'
), known as (
  select job from ended
  union
  -- Also those that have not come to an end yet: they have not failed either.
  select g.job
  from ops.runs r
  cross join lateral jsonb_object_keys(r.graph) g (job)
  where not r.dry_run and r.as_of <= (select ops.today()) and g.job <> 'cabinet.alert-evaluation'
)
select
  job,
  coalesce(min(place) filter (where status = 'succeeded') - 1, count(place)) as in_a_row,
  count(*) filter (where status = 'failed' and place <= w.window_runs) as in_window
from known
left join ended using (job)
left join ops.v_alert_rules_in_force w on w.metric = 'job_failures_in_window'
group by job;

comment on view ops.v_job_failures is 'How often each job failed: in a row up to now, and among its last window_runs runs.';
