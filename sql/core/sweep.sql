-- grain: one sweep over every run under way, of whatever pipeline
-- requires: ops.lease, ops.tries, ops.job_message, ops.advance_run, ops.join_shards, ops.release, ops.release_key, ops.close_abandoned_run
-- What nobody else brings back: a worker that died without a word, a message that is gone, a caller that is gone, a run
-- whose last job settled and which nobody closed. Two sweeps at once share the work: a row that is locked is somebody's, and
-- is left for the next minute, so that one run whose worker hangs in its commit holds up no other.
-- p_tries: how often a job run may be tried; one that died at the last is failed.
create or replace function ops.sweep(
  p_tries integer,
  out requeued integer, out given_up integer, out resent integer, out closed integer, out active integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_error constant jsonb := '{"code": "WORKER_LOST", "message": "no heartbeat for a lease: the worker was killed or cut off"}';
  v_before integer;
  v_silent uuid[];
  v_run_id uuid;
  v_inline boolean;
  v_job text;
  v_pipeline text;
begin
  select count(*) into v_before from ops.runs r where r.status = 'running';

  -- Locked first and judged after that: who took one over between this statement's snapshot and its lock is alive, and only
  -- the next statement sees the sign of it.
  v_silent := array(
    select j.job_run_id
    from ops.job_runs j
    join ops.runs r on r.run_id = j.run_id
    where j.status = 'running' and j.shards is null and r.status = 'running' and not r.inline
      and not exists (
        select from ops.heartbeats h
        where h.job_run_id = j.job_run_id and h.attempt = j.attempts and h.beat_at > clock_timestamp() - ops.lease()
      )
    order by j.job_run_id
    for no key update of j skip locked);

  with silent as (
    select j.job_run_id
    from ops.job_runs j
    where j.job_run_id = any (v_silent)
      and not exists (
        select from ops.heartbeats h
        where h.job_run_id = j.job_run_id and h.attempt = j.attempts and h.beat_at > clock_timestamp() - ops.lease()
      )
  ), tried as (
    select s.job_run_id, ops.tries(s.job_run_id) as tries from silent s
  ), ended as (
    update ops.attempts a set status = 'superseded', error = v_error, finished_at = clock_timestamp()
    from silent s where a.job_run_id = s.job_run_id and a.status = 'running'
  ), settled as (
    update ops.job_runs j
    set status = case when t.tries >= p_tries then 'failed' else 'queued' end,
        error = case when t.tries >= p_tries then v_error end,
        finished_at = case when t.tries >= p_tries then clock_timestamp() end,
        version = j.version + 1,
        queued_at = case when t.tries >= p_tries then j.queued_at else clock_timestamp() end
    from tried t where j.job_run_id = t.job_run_id
    returning j.run_id, j.job_run_id, j.job, j.version, j.status
  ), sent as (
    insert into ops.outbox (run_id, job, message)
    select run_id, job, ops.job_message(run_id, job_run_id, job, version)
    from settled where status = 'queued' order by job_run_id
  )
  select count(*) filter (where status = 'queued'), count(*) filter (where status = 'failed') into requeued, given_up from settled;

  -- A queue that was purged, or a message that outlived its retention. The old one, should it come after all, is stale.
  with lost as (
    select j.job_run_id
    from ops.job_runs j
    join ops.runs r on r.run_id = j.run_id
    where j.status = 'queued' and r.status = 'running' and not r.inline
      and j.queued_at < clock_timestamp() - interval '6 hours'
      and not exists (select from ops.waiting_job_runs w where w.job_run_id = j.job_run_id)
      and not exists (
        select from ops.outbox o
        where o.run_id = j.run_id and o.message ->> 'jobRunId' = j.job_run_id::text and (o.sent_at is null or o.sent_at > clock_timestamp() - interval '6 hours')
      )
    order by j.job_run_id
    for no key update of j skip locked
  ), again as (
    update ops.job_runs j set version = j.version + 1, queued_at = clock_timestamp()
    from lost l where j.job_run_id = l.job_run_id
    returning j.run_id, j.job_run_id, j.job, j.version
  ), sent as (
    insert into ops.outbox (run_id, job, message)
    select run_id, job, ops.job_message(run_id, job_run_id, job, version)
    from again order by job_run_id
  )
  select count(*) into resent from again;

  for v_run_id, v_inline in select r.run_id, r.inline from ops.runs r where r.status = 'running' order by r.run_id loop
    -- Closing takes all of its job runs.
    continue when v_inline and (select count(*) from ops.job_runs j where j.run_id = v_run_id) > (
      select count(*) from (
        select from ops.job_runs j where j.run_id = v_run_id order by j.shard = 0, j.job_run_id for no key update skip locked) free);
    for v_job in
      select j.job from ops.job_runs j
      where j.run_id = v_run_id and j.shard = 0 and j.shards is not null and j.status = 'running'
      order by j.job_run_id for no key update skip locked
    loop
      perform ops.join_shards(v_run_id, v_job, null, null);
    end loop;
    perform from ops.runs r where r.run_id = v_run_id for no key update skip locked;
    if found and not ops.close_abandoned_run(v_run_id) then
      perform ops.advance_run(v_run_id);
    end if;
  end loop;
  -- After every run's lock, as everywhere: a slot whose holder is given up goes to the next in line.
  for v_pipeline in select distinct w.pipeline from ops.waiting_job_runs w where not w.held order by 1 loop
    if pg_try_advisory_xact_lock(ops.release_key(v_pipeline)) then
      perform ops.release(v_pipeline, null);
    end if;
  end loop;

  select count(*) into active from ops.runs r where r.status = 'running';
  closed := greatest(v_before - active, 0);
end
$$;

comment on function ops.sweep(integer) is
  'Requeues or fails job runs whose worker is dead, sends lost messages anew, closes what is settled or abandoned. active: runs still under way.';
