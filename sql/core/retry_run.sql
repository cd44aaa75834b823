-- grain: one run that failed and goes on from where it failed
-- requires: ops.advance_run, ops.release
-- verdict: RETRIED; or why not: UNKNOWN, NOT_FAILED (status says what it is), ACTIVE (active_run_id is under way for the pipeline and
-- as-of), INLINE (its caller is gone). The failed jobs are queued with a new version, so that a message of before is stale; what
-- was skipped for them is undecided again; what succeeded stays. Each waits for what it comes after, as at first.
create or replace function ops.retry_run(
  p_run_id uuid, p_operator text, p_reason text,
  out verdict text, out status text, out active_run_id uuid, out queued integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_run ops.runs;
  v_detail jsonb;
  v_limited text;
begin
  queued := 0;
  perform from ops.job_runs j where j.run_id = p_run_id order by j.shard = 0, j.job_run_id for no key update;
  select * into v_run from ops.runs r where r.run_id = p_run_id for no key update;
  status := v_run.status;
  verdict := case when v_run.run_id is null then 'UNKNOWN' when status <> 'failed' then 'NOT_FAILED' when v_run.inline then 'INLINE' end;
  if verdict is not null then
    return;
  end if;

  -- Of runs that were forced the index knows nothing.
  select r.run_id into active_run_id from ops.runs r
  where r.pipeline = v_run.pipeline and r.as_of = v_run.as_of and r.status = 'running' and not r.dry_run and not v_run.dry_run limit 1;
  if found then
    verdict := 'ACTIVE';
    return;
  end if;
  begin
    update ops.runs r set status = 'running', error = null, finished_at = null where r.run_id = p_run_id;
  exception when unique_violation then
    select r.run_id into active_run_id from ops.runs r
    where r.pipeline = v_run.pipeline and r.as_of = v_run.as_of and r.status = 'running' and not r.dry_run;
    verdict := 'ACTIVE';
    return;
  end;

  select jsonb_build_object('error', v_run.error, 'finished_at', v_run.finished_at, 'jobs',
           jsonb_agg(jsonb_build_object('job', j.job, 'shard', j.shard, 'status', j.status, 'error', j.error) order by j.job, j.shard))
    into v_detail
  from ops.job_runs j where j.run_id = p_run_id and j.status in ('failed', 'skipped');
  insert into ops.operator_actions (operator, action, run_id, reason, detail) values (p_operator, 'RETRY', p_run_id, p_reason, v_detail);
  -- Nobody ever took these up: no attempt, no decision, and what they said of themselves is in the action.
  delete from ops.job_runs j where j.run_id = p_run_id and j.status = 'skipped';
  insert into ops.outbox (run_id, job, message)
  -- The sweeper is woken by the message that woke it when the run began.
  select p_run_id, o.job, o.message from ops.outbox o
  where o.run_id = p_run_id and not o.message ? 'jobRunId' order by o.outbox_id limit 1;
  -- A job that had split itself goes on with the shards that failed; those that succeeded stay.
  update ops.job_runs j
  set status = 'running', version = j.version + 1, error = null, finished_at = null, report = null, counters = null, findings = 0
  where j.run_id = p_run_id and j.status = 'failed' and j.shards is not null;
  with again as (
    update ops.job_runs j
    set status = 'queued', version = j.version + 1, error = null, finished_at = null, queued_at = clock_timestamp(),
        stale_inputs = case when j.checkpoint is not null then j.stale_inputs end
    where j.run_id = p_run_id and j.status = 'failed'
    returning j.job_run_id, j.job
  ), held as (
    -- All of them: which are due at once is found where it is found of the others.
    insert into ops.waiting_job_runs (job_run_id, pipeline, job, held)
    select job_run_id, v_run.pipeline, job, true from again
  )
  select count(*) into queued from again;
  -- A run that was cancelled before anything failed has only what was skipped: its roots are queued anew.
  v_limited := ops.advance_run(p_run_id);
  if v_limited is not null then
    perform ops.release(v_limited, p_run_id);
  end if;
  verdict := 'RETRIED';
  status := 'running';
end
$$;

comment on function ops.retry_run is 'Takes a failed run up again, with its id, from the jobs that failed.';
