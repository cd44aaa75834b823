-- grain: one job that split itself; settled when its last shard is
-- requires: ops.joined_counters, ops.joined_report
-- The job's row is the lock that makes finishers take turns: the next one sees what the one before committed, so exactly one
-- finds every shard settled. Shards before their job, the job before its run, as everywhere. True when the job is settled now.
-- p_report, p_findings: what the job made of its shards in the same transaction, when it has a join of its own.
create or replace function ops.join_shards(p_run_id uuid, p_job text, p_report json, p_findings integer) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_head ops.job_runs;
  v_failed jsonb;
begin
  select * into strict v_head from ops.job_runs j
  where j.run_id = p_run_id and j.job = p_job and j.shard = 0 for no key update;
  if v_head.status <> 'running' or v_head.shards is null or exists (
    select from ops.job_runs j
    where j.run_id = p_run_id and j.job = p_job and j.shard > 0 and j.status in ('queued', 'running')
  ) then
    return false;
  end if;

  select jsonb_build_object(
           'code', 'SHARD_FAILED',
           'message', count(*) || ' of ' || v_head.shards || ' shards failed; shard ' || min(shard) || ' ('
                      || (array_agg(shard_key order by shard))[1] || '): ' || (array_agg(error ->> 'message' order by shard))[1],
           'shard', min(shard), 'shardKey', (array_agg(shard_key order by shard))[1],
           'failed', count(*), 'shards', v_head.shards, 'cause', (array_agg(error order by shard))[1])
    into v_failed
  from ops.job_runs j
  where j.run_id = p_run_id and j.job = p_job and j.shard > 0 and j.status = 'failed'
  having count(*) > 0;

  update ops.job_runs h
  set status = case when v_failed is null then 'succeeded' else 'failed' end,
      error = v_failed,
      report = coalesce(p_report, ops.joined_report(p_run_id, p_job)),
      findings = coalesce(p_findings, 0)
                 + (select coalesce(sum(j.findings), 0) from ops.job_runs j where j.run_id = p_run_id and j.job = p_job and j.shard > 0),
      counters = ops.joined_counters(p_run_id, p_job),
      finished_at = clock_timestamp()
  where h.job_run_id = v_head.job_run_id;
  return true;
end
$$;

comment on function ops.join_shards is 'Settles a job once every shard of it is settled: succeeded, or failed with the first shard that did.';
