-- grain: one pipeline; sends those next in line for whom there is a slot
-- requires: ops.job_message, ops.release_key
-- A slot is taken from the moment the message is released until the job run is settled: tries, pauses and dead workers
-- included. A job that has split itself holds none, its shards do. What a person runs inline neither waits nor counts.
-- The last lock that anybody takes: whoever holds it waits for nobody. Slots are given under it only, so that a limit holds;
-- they are freed before it is asked for, so that no wake-up is lost. p_by: the run that frees; its worker sends the messages.
create or replace function ops.release(p_pipeline text, p_by uuid) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(ops.release_key(p_pipeline));
  -- Cancelled while they waited. What a retry holds back stands in no line yet.
  delete from ops.waiting_job_runs w using ops.job_runs j
  where w.pipeline = p_pipeline and not w.held and j.job_run_id = w.job_run_id and j.status <> 'queued';
  with at_work as (
    select j.job, count(*) as n
    from ops.runs r
    join ops.job_runs j on j.run_id = r.run_id
    where r.pipeline = p_pipeline and r.status = 'running' and not r.inline
      and j.status in ('queued', 'running') and j.shards is null
      and not exists (select from ops.waiting_job_runs w where w.job_run_id = j.job_run_id)
    group by j.job
  ), of_job as (
    select w.*, coalesce(a.n, 0) + row_number() over (partition by w.job order by w.waiting_id) as place_in_job
    from ops.waiting_job_runs w left join at_work a on a.job = w.job
    where w.pipeline = p_pipeline and not w.held
  ), of_pipeline as (
    select o.*, (select coalesce(sum(n), 0) from at_work) + row_number() over (order by o.waiting_id) as place
    from of_job o where o.job_limit is null or o.place_in_job <= o.job_limit
  ), released as (
    delete from ops.waiting_job_runs w using of_pipeline p
    where w.waiting_id = p.waiting_id and (p.pipeline_limit is null or p.place <= p.pipeline_limit)
    returning w.waiting_id, w.job_run_id
  )
  insert into ops.outbox (run_id, job, message, released_by)
  select j.run_id, j.job, ops.job_message(j.run_id, j.job_run_id, j.job, j.version), nullif(p_by, j.run_id)
  from released r join ops.job_runs j on j.job_run_id = r.job_run_id
  order by r.waiting_id;
end
$$;

comment on function ops.release is 'Gives free slots under a pipeline''s limits to those next in line.';
