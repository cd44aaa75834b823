-- grain: one attempt that failed; with p_final also its job run, and everything that waits for it
-- requires: ops.settle
-- Returns false when the attempt is no longer at work (superseded or settled): nothing is changed then.
create or replace function ops.fail_attempt(p_job_run_id uuid, p_attempt integer, p_error jsonb, p_final boolean) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job_run ops.job_runs;
begin
  select * into v_job_run from ops.job_runs where job_run_id = p_job_run_id for no key update;
  update ops.attempts set status = 'failed', error = p_error, finished_at = clock_timestamp()
  where job_run_id = p_job_run_id and attempt = p_attempt and status = 'running';
  if not found then
    return false;
  end if;
  if p_final then
    update ops.job_runs set status = 'failed', error = p_error, finished_at = clock_timestamp()
    where job_run_id = p_job_run_id;
    perform ops.settle(v_job_run.run_id, v_job_run.job, v_job_run.shard, null, null);
  else
    update ops.job_runs set status = 'queued' where job_run_id = p_job_run_id;
  end if;
  return true;
end
$$;

comment on function ops.fail_attempt is 'Records a failed attempt; when it is the last, fails the job run and resolves its descendants.';
