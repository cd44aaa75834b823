-- grain: one run that is under way and is ended by a person
-- requires: ops.release
-- verdict: CANCELLED; or why not: UNKNOWN, OVER (status says how it ended). Whoever is at work cannot commit any more; what was
-- committed stays. Also what always runs is left out: somebody wants nothing more to happen.
create or replace function ops.cancel_run(
  p_run_id uuid, p_operator text, p_reason text, out verdict text, out status text
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_error constant jsonb := jsonb_build_object('code', 'CANCELLED', 'message', 'cancelled by ' || p_operator || ': ' || p_reason);
  v_jobs jsonb;
begin
  -- Shards before their job and job runs before the run, as everywhere: whoever is committing one of them comes first.
  perform from ops.job_runs j where j.run_id = p_run_id order by j.shard = 0, j.job_run_id for no key update;
  select r.status into status from ops.runs r where r.run_id = p_run_id for no key update;
  if not found or status <> 'running' then
    verdict := case when found then 'OVER' else 'UNKNOWN' end;
    return;
  end if;

  with ended as (
    update ops.job_runs j set status = 'failed', error = v_error, finished_at = clock_timestamp()
    where j.run_id = p_run_id and j.status in ('queued', 'running')
    returning j.job, j.shard
  ), skipped as (
    insert into ops.job_runs (run_id, job, input, status, error, finished_at)
    select p_run_id, n.key, coalesce(n.value -> 'input', '{}'), 'skipped', v_error, clock_timestamp()
    from ops.runs r cross join lateral jsonb_each(r.graph) n
    where r.run_id = p_run_id and not exists (select from ops.job_runs j where j.run_id = p_run_id and j.job = n.key)
    returning job
  )
  select jsonb_build_object(
    'ended', coalesce((select jsonb_agg(job order by job) from ended where shard = 0), '[]'),
    'skipped', coalesce((select jsonb_agg(job order by job) from skipped), '[]')) into v_jobs;
  -- After the job runs: one that was queued meanwhile is not among those locked above, and whoever takes it up is waited for there.
  update ops.attempts a set status = 'superseded', error = v_error, finished_at = clock_timestamp()
  from ops.job_runs j where j.run_id = p_run_id and a.job_run_id = j.job_run_id and a.status = 'running';
  delete from ops.waiting_job_runs w using ops.job_runs j where j.run_id = p_run_id and w.job_run_id = j.job_run_id and w.held;
  update ops.runs r
  set status = 'failed', error = v_error, finished_at = clock_timestamp(),
      findings = (select coalesce(sum(j.findings), 0) from ops.job_runs j where j.run_id = p_run_id and j.shard = 0)
  where r.run_id = p_run_id;
  insert into ops.operator_actions (operator, action, run_id, reason, detail) values (p_operator, 'CANCEL', p_run_id, p_reason, v_jobs);
  -- Its slots are free, and its place in line.
  perform ops.release(r.pipeline, r.run_id) from ops.runs r where r.run_id = p_run_id and r.graph @? '$.*.limits' and not r.inline;
  verdict := 'CANCELLED';
  status := 'failed';
end
$$;

comment on function ops.cancel_run is 'Ends a run under way: its workers cannot commit, nothing else of it begins.';
