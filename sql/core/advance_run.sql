-- grain: one run; queues what is ready, skips what cannot run any more, closes the run when all is settled
-- requires: ops.job_message, ops.last_success, ops.skip_error
-- The run's row is the lock that makes finishers take turns; the next statement sees what the one before committed.
-- Returns the pipeline whose limits hold for this run, for ops.release to be called when every other lock is taken; else null.
create or replace function ops.advance_run(p_run_id uuid) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run ops.runs;
  v_touched integer;
begin
  select * into strict v_run from ops.runs where run_id = p_run_id for no key update;
  if v_run.status <> 'running' then
    return null;
  end if;

  loop
    with node as (
      select n.key as job, (n.value ->> 'always')::boolean as always, n.value -> 'after' as after, n.value -> 'softAfter' as soft_after,
             coalesce(n.value -> 'input', '{}') as input, n.value -> 'limits' as limits
      from jsonb_each(v_run.graph) as n
      where not exists (select 1 from ops.job_runs j where j.run_id = p_run_id and j.job = n.key)
    ), edge as (
      select node.job, p.name, null::integer as max_age_days from node cross join lateral jsonb_array_elements_text(node.after) as p(name)
      union all
      select node.job, p.soft ->> 'job', (p.soft ->> 'maxAgeDays')::integer
      from node cross join lateral jsonb_array_elements(node.soft_after) as p(soft)
    ), parent as (
      select edge.job, edge.name, edge.max_age_days, j.error,
             coalesce(j.status in ('succeeded', 'failed', 'skipped'), false) as settled,
             coalesce(j.status in ('failed', 'skipped'), false) as broken,
             case when j.status in ('failed', 'skipped') and edge.max_age_days is not null
                  then ops.last_success(v_run.pipeline, edge.name, v_run.as_of, p_run_id) end as before
      from edge
      left join ops.job_runs j on j.run_id = p_run_id and j.job = edge.name and j.shard = 0
    ), judged as (
      select parent.*,
             broken and (max_age_days is null or before is null or (before ->> 'ageDays')::integer > max_age_days) as barred
      from parent
    ), verdict as (
      select node.job, node.input, node.always, node.limits,
             coalesce(bool_and(judged.settled), true) as ready,
             -- Which one is named does not depend on who looks: the first by name, hard before soft.
             (array_agg(to_jsonb(judged) order by judged.max_age_days is not null, judged.name) filter (where judged.barred))[1] as barred_by,
             jsonb_agg(coalesce(judged.before, '{"runId": null, "asOf": null, "ageDays": null}')
                       || jsonb_build_object('job', judged.name, 'maxAgeDays', judged.max_age_days) order by judged.name)
               filter (where judged.broken and judged.max_age_days is not null) as stale_inputs
      from node left join judged using (job)
      group by node.job, node.input, node.always, node.limits
    ), added as (
      insert into ops.job_runs (run_id, job, input, status, stale_inputs, error, finished_at)
      select p_run_id, job, input,
             case when barred_by is null or always then 'queued' else 'skipped' end,
             case when barred_by is null or always then stale_inputs end,
             case when barred_by is null or always then null else ops.skip_error(job, barred_by) end,
             case when barred_by is null or always then null else clock_timestamp() end
      from verdict
      where ready or (barred_by is not null and not always)
      returning job_run_id, job, status, version
    ), queued as (
      select added.*, verdict.limits from added join verdict using (job) where added.status = 'queued' and not v_run.inline
    ), waiting as (
      insert into ops.waiting_job_runs (job_run_id, pipeline, job, job_limit, pipeline_limit)
      select job_run_id, v_run.pipeline, job, (limits ->> 'job')::integer, (limits ->> 'pipeline')::integer
      from queued where limits is not null
    ), sent as (
      insert into ops.outbox (run_id, job, message)
      select p_run_id, job, ops.job_message(p_run_id, job_run_id, job, version) from queued where limits is null
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
    select sum(j.findings) filter (where j.shard = 0)::integer as findings,
           bool_and(j.status in ('succeeded', 'failed', 'skipped')) as settled,
           (array_agg(j.error || jsonb_build_object('job', j.job) order by j.finished_at) filter (where j.status = 'failed' and j.shard = 0))[1] as failed
    from ops.job_runs j
    where j.run_id = p_run_id
  ) outcome
  where r.run_id = p_run_id
    and outcome.settled
    and not exists (
      select 1 from jsonb_object_keys(v_run.graph) as g(job)
      where not exists (select 1 from ops.job_runs j where j.run_id = p_run_id and j.job = g.job)
    );
  return case when v_run.graph @? '$.*.limits' and not v_run.inline then v_run.pipeline end;
end
$$;

comment on function ops.advance_run(uuid) is 'Moves a run on after one of its job runs has settled.';
