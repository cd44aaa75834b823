-- grain: one attempt at one job run
-- requires: ops.lease, ops.tries, ops.stale_inputs
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
  v_silent boolean := false;
begin
  loop
    -- What nearly every message finds is queued at its version, and then this is the lock and the question in one.
    update ops.job_runs j
    set status = 'running', attempts = j.attempts + 1, started_at = coalesce(j.started_at, clock_timestamp())
    from ops.runs r
    where j.job_run_id = p_job_run_id and j.version = p_version and j.shards is null
      and (j.status = 'queued' or v_silent and j.status = 'running') and r.run_id = j.run_id
    returning 'STARTED', j.attempts, j.run_id, j.job, j.status, r.as_of, r.dry_run, j.input, j.checkpoint,
              j.shard, j.shard_key, j.shard_input, j.stale_inputs
    into verdict, attempt, run_id, job, status, as_of, dry_run, input, checkpoint, shard, shard_key, shard_input, stale_inputs;
    exit when found;

    -- Apart from the question: that must see what whoever held the row has committed.
    perform from ops.job_runs j where j.job_run_id = p_job_run_id for no key update;
    select j.run_id, j.job, j.status,
           case
             when p_version < j.version then 'STALE'
             when p_version > j.version then 'AHEAD'
             when j.status in ('succeeded', 'failed', 'skipped') or j.shards is not null then 'SETTLED'
             when j.status = 'running' and exists (
               select 1 from ops.heartbeats h
               where h.job_run_id = p_job_run_id and h.attempt = j.attempts and h.beat_at > clock_timestamp() - ops.lease()
             ) then 'ALIVE'
           end
    into run_id, job, status, verdict
    from ops.job_runs j where j.job_run_id = p_job_run_id;
    if not found then
      verdict := 'UNKNOWN';
    end if;
    if verdict is not null then
      return;
    end if;

    v_silent := true;
  end loop;

  if attempt > 1 then
    -- A running attempt without a heartbeat is dead, or cut off with its backend still at work: from here on it cannot commit.
    update ops.attempts a
    set status = 'superseded', finished_at = clock_timestamp(),
        error = '{"code": "NO_SIGN_OF_LIFE", "message": "no heartbeat for a lease; a later attempt took over"}'
    where a.job_run_id = p_job_run_id and a.status = 'running';
  end if;
  if p_version > 1 and checkpoint is null then
    -- Begun anew, maybe with what has come since. What goes on from a checkpoint has worked with what it says.
    update ops.job_runs j set stale_inputs = ops.stale_inputs(r, j.job)
    from ops.runs r
    where j.job_run_id = p_job_run_id and r.run_id = j.run_id and r.graph -> j.job ? 'softAfter'
    returning j.stale_inputs into stale_inputs;
  end if;
  insert into ops.attempts (job_run_id, attempt, caller, request_id, code_version)
  values (p_job_run_id, attempt, p_caller, p_request_id, p_code_version);
  insert into ops.heartbeats as h (job_run_id, attempt, beat_at)
  values (p_job_run_id, attempt, clock_timestamp())
  on conflict (job_run_id) do update set attempt = excluded.attempt, beat_at = excluded.beat_at,
    -- Done is what was committed before the checkpoint.
    progress = case when begin_attempt.checkpoint is null then null else h.progress end;
  tries := case when attempt = 1 then 1 else ops.tries(p_job_run_id) end;
end
$$;

comment on function ops.begin_attempt is 'Takes a job run up, or says why not.';
