-- grain: one job run; how often it was tried without success since it last made headway
-- requires: none
-- Since it last yielded (a long job is not failing) and since a person last had it tried again.
create or replace function ops.tries(p_job_run_id uuid) returns integer
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select count(*)::integer
  from ops.attempts a
  where a.job_run_id = p_job_run_id and a.status in ('running', 'failed', 'superseded')
    and a.attempt > coalesce((select max(y.attempt) from ops.attempts y where y.job_run_id = p_job_run_id and y.status = 'yielded'), 0)
    and a.started_at > coalesce((
      select max(o.acted_at) from ops.operator_actions o join ops.job_runs j on j.run_id = o.run_id
      where j.job_run_id = p_job_run_id and o.action = 'RETRY'), '-infinity');
$$;

comment on function ops.tries(uuid) is 'Attempts since a job run last yielded or was taken up again by a person, the running one included.';
