-- grain: one run; queues what is ready, skips what cannot run any more, closes the run when all is settled
-- requires: none
-- The run's row is the lock that makes finishers take turns; the next statement sees what the one before committed.
create or replace function ops.advance_run(p_run_id uuid) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run ops.runs;
  v_touched integer;
begin
  select * into strict v_run from ops.runs where run_id = p_run_id for no key update;
  if v_run.status <> 'running' then
    return;
  end if;

  loop
    with node as (
      select n.key as job, (n.value ->> 'always')::boolean as always, n.value -> 'after' as after,
             coalesce(n.value -> 'input', '{}') as input
      from jsonb_each(v_run.graph) as n
      where not exists (select 1 from ops.job_runs j where j.run_id = p_run_id and j.job = n.key)
    ), parent as (
      select node.job, p.name,
             count(j.*) > 0 and bool_and(j.status in ('succeeded', 'failed', 'skipped')) as settled,
             bool_or(j.status in ('failed', 'skipped')) as broken
      from node
      cross join lateral jsonb_array_elements_text(node.after) as p(name)
      left join ops.job_runs j on j.run_id = p_run_id and j.job = p.name
      group by node.job, p.name
    ), verdict as (
      select node.job, node.input, node.always,
             coalesce(bool_and(parent.settled), true) as ready,
             min(parent.name) filter (where parent.broken) as broken_by
      from node left join parent using (job)
      group by node.job, node.input, node.always
    ), added as (
      insert into ops.job_runs (run_id, job, input, status, error, finished_at)
      select p_run_id, job, input,
             case when broken_by is null or always then 'queued' else 'skipped' end,
             case when broken_by is null or always then null
                  else jsonb_build_object('code', 'PARENT_NOT_SUCCEEDED', 'message', job || ' needs ' || broken_by || ', which did not succeed', 'parent', broken_by) end,
             case when broken_by is null or always then null else clock_timestamp() end
      from verdict
      where ready or (broken_by is not null and not always)
      returning job_run_id, job, status, version
    ), sent as (
      insert into ops.outbox (run_id, job, message)
      select p_run_id, job,
             jsonb_build_object('schema', 1, 'runId', p_run_id, 'jobRunId', job_run_id, 'job', job, 'version', version)
      from added where status = 'queued' and not v_run.inline
    )
    select count(*) into v_touched from added where status = 'skipped';
    exit when v_touched = 0;
  end loop;

  update ops.runs r
  set status = case when outcome.failed is null then 'succeeded' else 'failed' end,
      findings = outcome.findings,
      error = outcome.failed,
      finished_at = clock_timestamp()
  from (
    select sum(j.findings)::integer as findings,
           bool_and(j.status in ('succeeded', 'failed', 'skipped')) as settled,
           (array_agg(j.error || jsonb_build_object('job', j.job) order by j.finished_at) filter (where j.status = 'failed'))[1] as failed
    from ops.job_runs j
    where j.run_id = p_run_id
  ) outcome
  where r.run_id = p_run_id
    and outcome.settled
    and not exists (
      select 1 from jsonb_object_keys(v_run.graph) as g(job)
      where not exists (select 1 from ops.job_runs j where j.run_id = p_run_id and j.job = g.job)
    );
end
$$;

comment on function ops.advance_run(uuid) is 'Moves a run on after one of its job runs has settled.';
