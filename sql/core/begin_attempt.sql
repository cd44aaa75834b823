-- grain: one attempt at one job run
-- requires: ops.lease, ops.tries
-- verdict: STARTED; or why not: UNKNOWN (no such job run), STALE (the message is of an older version),
-- AHEAD (of a version this ledger has not reached), SETTLED (done already, or its shards are at it), ALIVE (another attempt is at work).
create or replace function ops.begin_attempt(
  p_job_run_id uuid, p_version integer, p_caller text, p_request_id text, p_code_version text,
  out verdict text, out attempt integer, out tries integer, out run_id uuid, out job text, out status text,
  out as_of date, out dry_run boolean, out input jsonb, out checkpoint jsonb,
  out shard integer, out shard_key text, out shard_input jsonb, out stale_inputs jsonb
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_job_run ops.job_runs;
begin
  select * into v_job_run from ops.job_runs j where j.job_run_id = p_job_run_id for no key update;
  if not found then
    verdict := 'UNKNOWN';
    return;
  end if;

  run_id := v_job_run.run_id;
  job := v_job_run.job;
  status := v_job_run.status;
  verdict := case
    when p_version < v_job_run.version then 'STALE'
    when p_version > v_job_run.version then 'AHEAD'
    when v_job_run.status in ('succeeded', 'failed', 'skipped') or v_job_run.shards is not null then 'SETTLED'
    when v_job_run.status = 'running' and exists (
      select 1 from ops.heartbeats h
      where h.job_run_id = p_job_run_id and h.attempt = v_job_run.attempts and h.beat_at > clock_timestamp() - ops.lease()
    ) then 'ALIVE'
    else 'STARTED'
  end;
  if verdict <> 'STARTED' then
    return;
  end if;

  -- A running attempt without a heartbeat is dead, or cut off with its backend still at work: from here on it cannot commit.
  update ops.attempts a
  set status = 'superseded', finished_at = clock_timestamp(),
      error = '{"code": "NO_SIGN_OF_LIFE", "message": "no heartbeat for a lease; a later attempt took over"}'
  where a.job_run_id = p_job_run_id and a.status = 'running';

  attempt := v_job_run.attempts + 1;
  insert into ops.attempts (job_run_id, attempt, caller, request_id, code_version)
  values (p_job_run_id, attempt, p_caller, p_request_id, p_code_version);
  tries := ops.tries(p_job_run_id);
  insert into ops.heartbeats as h (job_run_id, attempt, beat_at)
  values (p_job_run_id, attempt, clock_timestamp())
  on conflict (job_run_id) do update set attempt = excluded.attempt, beat_at = excluded.beat_at, progress = null;
  update ops.job_runs j
  set status = 'running', attempts = begin_attempt.attempt, started_at = coalesce(j.started_at, clock_timestamp())
  where j.job_run_id = p_job_run_id;

  status := 'running';
  input := v_job_run.input;
  checkpoint := v_job_run.checkpoint;
  shard := v_job_run.shard;
  shard_key := v_job_run.shard_key;
  shard_input := v_job_run.shard_input;
  stale_inputs := v_job_run.stale_inputs;
  select r.as_of, r.dry_run into as_of, dry_run from ops.runs r where r.run_id = v_job_run.run_id;
end
$$;

comment on function ops.begin_attempt is 'Takes a job run up, or says why not.';
