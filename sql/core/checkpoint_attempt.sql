-- grain: one chunk of one job run, committed with its effect
-- requires: ops.fence
create or replace function ops.checkpoint_attempt(p_job_run_id uuid, p_attempt integer, p_checkpoint jsonb) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform ops.fence(p_job_run_id, p_attempt);
  update ops.job_runs set checkpoint = p_checkpoint where job_run_id = p_job_run_id;
end
$$;

comment on function ops.checkpoint_attempt is 'Records where the next chunk begins.';
