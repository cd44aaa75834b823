-- grain: one attempt that hands over to the next because its Lambda's time is nearly up
-- requires: ops.fence, ops.job_message
create or replace function ops.yield_attempt(p_job_run_id uuid, p_attempt integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform ops.fence(p_job_run_id, p_attempt);
  update ops.attempts set status = 'yielded', finished_at = clock_timestamp()
  where job_run_id = p_job_run_id and attempt = p_attempt;
  with requeued as (
    update ops.job_runs set status = 'queued', version = version + 1, queued_at = clock_timestamp()
    where job_run_id = p_job_run_id
    returning run_id, job_run_id, job, version
  )
  insert into ops.outbox (run_id, job, message)
  select run_id, job, ops.job_message(run_id, job_run_id, job, version)
  from requeued;
end
$$;

comment on function ops.yield_attempt is 'Requeues a job run from its checkpoint, with a new version.';
