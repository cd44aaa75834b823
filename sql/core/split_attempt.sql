-- grain: one job that splits itself into shards
-- requires: ops.fence, ops.dispatch, ops.settle
-- In the splitting step's transaction: its effects, the shards and their messages commit together or not at all, so a step that is
-- delivered twice splits once. From here on the job has no attempt of its own; its last shard settles it.
-- p_shards: [{key, input}], at most 1000; none settles the job at once, with p_report and p_findings when it has a join.
create or replace function ops.split_attempt(
  p_job_run_id uuid, p_attempt integer, p_shards jsonb, p_report json, p_findings integer
) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_head ops.job_runs;
  v_shards uuid[];
begin
  perform ops.fence(p_job_run_id, p_attempt);
  update ops.attempts set status = 'yielded', finished_at = clock_timestamp()
  where job_run_id = p_job_run_id and attempt = p_attempt;
  update ops.job_runs set shards = jsonb_array_length(p_shards), version = version + 1, checkpoint = null
  where job_run_id = p_job_run_id and shard = 0 and shards is null
  returning * into strict v_head;
  if v_head.shards > 1000 then
    raise exception 'a job may have 1000 shards, not %', v_head.shards using errcode = 'check_violation';
  end if;

  with added as (
    insert into ops.job_runs (run_id, job, shard, shard_key, shard_input, input, stale_inputs)
    select v_head.run_id, v_head.job, s.place, s.value ->> 'key', coalesce(s.value -> 'input', '{}'), v_head.input, v_head.stale_inputs
    from jsonb_array_elements(p_shards) with ordinality as s(value, place)
    returning job_run_id, shard
  )
  select array_agg(job_run_id order by shard) into v_shards from added;
  if v_shards is null then
    perform ops.join_shards(v_head.run_id, v_head.job, p_report, p_findings);
    perform ops.settle(v_head.run_id, v_head.job, 0, null, null);
    return;
  end if;
  perform ops.dispatch(v_head.run_id, v_shards);
  -- The splitting step's own slot is free, and the shards stand in line.
  perform ops.release(r.pipeline, r.run_id) from ops.runs r
  where r.run_id = v_head.run_id and r.graph -> v_head.job ? 'limits' and not r.inline;
end
$$;

comment on function ops.split_attempt is 'Queues the shards of a job, once.';
