-- grain: one attempt, locked until the transaction ends
-- requires: none
-- Called inside the effect's transaction: a superseded attempt raises here and its whole effect rolls back.
-- No key: a decision's foreign key holds a share of the job run's key until the effect ends, and taking over must not wait for that.
-- At the end and not at the start: taking over never has to wait for a cut-off backend that is still working.
create or replace function ops.fence(p_job_run_id uuid, p_attempt integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from ops.job_runs j where j.job_run_id = p_job_run_id for no key update;
  perform from ops.attempts a
  where a.job_run_id = p_job_run_id and a.attempt = p_attempt and a.status = 'running'
  for no key update;
  if not found then
    raise exception 'attempt % of job run % was superseded', p_attempt, p_job_run_id using errcode = 'CU001';
  end if;
end
$$;

comment on function ops.fence is 'Raises CU001 unless the attempt is still the one at work; keeps it so until the transaction ends.';
