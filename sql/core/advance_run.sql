-- grain: one run; queues what is ready, skips what cannot run any more, closes the run when all is settled
-- requires: ops.job_message, ops.dispatch, ops.dispatch_held, ops.last_success, ops.skip_error, ops.stale_inputs
-- The run's row is the lock that makes finishers take turns; the next statement sees what the one before committed.
-- Returns the pipeline whose limits hold for this run, for ops.release to be called when every other lock is taken; else null.
create or replace function ops.advance_run(p_run_id uuid) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run ops.runs;
  v_limited boolean;
  v_broken boolean;
  v_again boolean;
  v_skipped integer;
  v_queued uuid[];
  v_more uuid[];
begin
  select * into strict v_run from ops.runs where run_id = p_run_id for no key update;
  if v_run.status <> 'running' then
    return null;
  end if;
  v_limited := not v_run.inline and v_run.graph @? '$.*.limits';

  -- The statement that every job pays for: as long as nothing failed, what is ready follows from the names of what succeeded.
  with state as (
    select coalesce(jsonb_agg(j.job), '[]') as known, coalesce(jsonb_agg(j.job) filter (where j.status = 'succeeded'), '[]') as succeeded,
           coalesce(bool_or(j.status in ('failed', 'skipped')), false) as broken,
           coalesce(bool_or(j.version > 1 and j.status in ('queued', 'running')), false) as again
    from ops.job_runs j where j.run_id = p_run_id and j.shard = 0
  ), added as (
    insert into ops.job_runs (run_id, job, input)
    select p_run_id, n.key, coalesce(n.value -> 'input', '{}')
    from state cross join jsonb_each(v_run.graph) as n
    where not state.broken and not state.known ? n.key
      and state.succeeded @> (n.value -> 'after') and state.succeeded @> jsonb_path_query_array(n.value, '$.softAfter[*].job')
    returning job_run_id, job, version
  ), sent as (
    insert into ops.outbox (run_id, job, message)
    select p_run_id, job, ops.job_message(p_run_id, job_run_id, job, version)
    from added where not v_run.inline and not v_limited
  )
  select state.broken, state.again, (select array_agg(job_run_id) from added) into v_broken, v_again, v_queued from state;

  -- After a failure, what cannot run any more is skipped, and what that bars in turn.
  while v_broken loop
    with node as (
      select n.key as job, (n.value ->> 'always')::boolean as always,
             (n.value -> 'after') || coalesce(n.value -> 'softAfter', '[]') as parents, coalesce(n.value -> 'input', '{}') as input
      from jsonb_each(v_run.graph) as n
      where not exists (select 1 from ops.job_runs j where j.run_id = p_run_id and j.job = n.key)
    ), parent as (
      select node.job, coalesce(p.edge ->> 'job', p.edge #>> '{}') as name, p.edge ? 'maxAgeDays' as soft,
             coalesce(j.status in ('succeeded', 'failed', 'skipped'), false) as settled,
             coalesce(j.status in ('failed', 'skipped'), false) as broken,
             case
               when j.status is null or j.status not in ('failed', 'skipped') then false
               when not p.edge ? 'maxAgeDays' then true
               else coalesce((ops.last_success(v_run.pipeline, j.job, v_run.as_of, p_run_id) ->> 'ageDays')::integer
                             > (p.edge ->> 'maxAgeDays')::integer, true)
             end as bars
      from node
      cross join lateral jsonb_array_elements(node.parents) as p(edge)
      left join ops.job_runs j on j.run_id = p_run_id and j.job = coalesce(p.edge ->> 'job', p.edge #>> '{}') and j.shard = 0
    ), verdict as (
      select node.job, node.input, node.always,
             coalesce(bool_and(parent.settled), true) as ready,
             coalesce(min(parent.name) filter (where parent.bars and not parent.soft), min(parent.name) filter (where parent.bars)) as barred_by,
             bool_or(parent.broken and parent.soft) as stale
      from node left join parent using (job)
      group by node.job, node.input, node.always
    ), added as (
      insert into ops.job_runs (run_id, job, input, status, stale_inputs, error, finished_at)
      select p_run_id, job, input,
             case when barred_by is null or always then 'queued' else 'skipped' end,
             case when stale and (barred_by is null or always) then ops.stale_inputs(v_run, job) end,
             case when barred_by is null or always then null else ops.skip_error(v_run, job, barred_by) end,
             case when barred_by is null or always then null else clock_timestamp() end
      from verdict
      where ready or (barred_by is not null and not always)
      returning job_run_id, status
    )
    select count(*) filter (where status = 'skipped'), array_agg(job_run_id) filter (where status = 'queued')
      into v_skipped, v_more from added;
    v_queued := v_queued || v_more;
    exit when v_skipped = 0;
  end loop;
  if v_queued is not null and (v_limited or v_broken) then
    perform ops.dispatch(p_run_id, v_queued);
  end if;

  -- Only what was queued before, or the shards of a job that was, can have been held back.
  if v_again then
    perform ops.dispatch_held(v_run);
  end if;

  -- Most calls: there is more to do, and what follows would find the same by looking at every job.
  if v_queued is not null then
    return case when v_limited then v_run.pipeline end;
  end if;

  update ops.runs r
  set status = case when outcome.failed is null then 'succeeded' else 'failed' end,
      findings = outcome.findings,
      error = outcome.failed,
      finished_at = clock_timestamp()
  from (
    -- A job that split itself counts what its shards count.
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
  return case when v_limited then v_run.pipeline end;
end
$$;

comment on function ops.advance_run(uuid) is 'Moves a run on after one of its job runs has settled.';
