-- grain: one job run that is queued and whose message is due
-- requires: ops.job_message
-- Where a limit holds, the message waits: ops.release sends it when there is a slot. Nothing of an inline run is sent.
create or replace function ops.dispatch(p_run_id uuid, p_job_run_ids uuid[]) returns void
  language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select r.run_id, r.pipeline, j.job_run_id, j.job, j.version, r.graph -> j.job -> 'limits' as limits, x.place
    from unnest(p_job_run_ids) with ordinality as x(job_run_id, place)
    join ops.job_runs j on j.job_run_id = x.job_run_id
    join ops.runs r on r.run_id = j.run_id
    where r.run_id = p_run_id and not r.inline
  ), waiting as (
    insert into ops.waiting_job_runs (job_run_id, pipeline, job, job_limit, pipeline_limit)
    select job_run_id, pipeline, job, (limits ->> 'job')::integer, (limits ->> 'pipeline')::integer
    from due where limits is not null order by place
  )
  insert into ops.outbox (run_id, job, message)
  select run_id, job, ops.job_message(run_id, job_run_id, job, version) from due where limits is null order by place;
$$;

comment on function ops.dispatch is 'Puts the messages of job runs into the outbox, or in line where a limit holds.';
