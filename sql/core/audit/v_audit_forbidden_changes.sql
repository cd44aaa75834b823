-- grain: one row per way in which a run or a job run became another than it was recorded to be, and which nothing here makes
-- requires: ops.v_audit_live_states
-- Each recorded state is held against the one before it, and the row of a run under way against its last: who opens a run past the
-- triggers, and lets the sweeper close it, has two recorded states that fit their rows, but not each other.
-- What may be: a run that failed is taken up again by somebody; its failed job runs go on with a higher version, its skipped
-- ones go. By key: a column that came later is in no old state. The zone is the reader's: compare in UTC.
create or replace view ops.v_audit_forbidden_changes as
with recorded as (
  select p.source, p.key, p.state_id, p.before_id
  from (
    -- As the index has them: most have one state, and nothing else of it is read.
    select source, key, state_id, lead(state_id) over (partition by source, key order by state_id desc) as before_id
    from ops.recorded_states where source in ('ops.runs', 'ops.job_runs')
  ) p
  where p.before_id is not null
), step as (
  select r.source, r.key, b.state_id as before_id, b.change as before_change, b.state as before, b.changed_at as before_at,
         'state ' || s.state_id as named, s.change, s.state, s.changed_at
  from recorded r
  join ops.recorded_states b on b.state_id = r.before_id
  join ops.recorded_states s on s.state_id = r.state_id
  union all
  select n.source, n.key, b.state_id, b.change, b.state, b.changed_at, 'the row', 'open', n.state, 'infinity'
  from ops.v_audit_live_states n
  cross join lateral (
    select s.* from ops.recorded_states s where s.source = n.source and s.key = n.key order by s.state_id desc limit 1
  ) b
  where n.open
)
select v.finding, s.source, s.key, v.detail
from step s
cross join lateral (
  select s.source = 'ops.runs' as run,
         s.source = 'ops.job_runs' and s.before ->> 'status' = 'failed'
           and (s.state ->> 'version')::integer > (s.before ->> 'version')::integer as again,
         s.source = 'ops.runs' and s.before ->> 'status' = 'failed' and exists (
           select from ops.operator_actions a
           where a.run_id = s.key::uuid and a.action = 'RETRY' and a.acted_at between s.before_at and s.changed_at
         ) as retried
) is_
cross join lateral (
  select string_agg(was.key, ', ' order by was.key) as columns
  from jsonb_each(s.before) was
  where s.state -> was.key is distinct from was.value
    and not (is_.run and was.key in ('status', 'findings', 'error', 'finished_at'))
    and (not is_.again or was.key in ('run_id', 'job', 'shard', 'shard_key', 'shard_input', 'input'))
) differs
cross join lateral (
  select 'REOPENED' as finding,
         'it had ' || (s.before ->> 'status') || ' with state ' || s.before_id || ', and is under way or closed again in '
         || s.named || ': nobody is recorded to have taken it up in between' as detail
  where is_.run and not is_.retried
  union all
  select 'REMOVED', s.named || ' took it away, and by state ' || s.before_id || ' it had ' || (s.before ->> 'status')
  where s.change = 'removed' and s.before ->> 'status' <> 'skipped'
  union all
  select 'INSERTED', 'it is there again in ' || s.named || ', and state ' || s.before_id || ' took it away'
  where s.before_change = 'removed'
  union all
  select 'ALTERED', s.named || ' says otherwise than state ' || s.before_id || ', by which it had ' || (s.before ->> 'status') || ': ' || differs.columns
  where differs.columns is not null
) v;

comment on view ops.v_audit_forbidden_changes is 'Runs and job runs whose recorded states, or last recorded state and row, do not follow from each other.';
