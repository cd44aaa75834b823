-- grain: one shard of a job, with its result, seen by the shard that finishes last
-- requires: ops.fence
-- No row unless the caller's shard is the last and all the others succeeded. The locks that this takes, the shard's and then the
-- job's, keep it so until the transaction ends: what the job makes of its shards commits with the last of them.
create or replace function ops.last_shard(p_job_run_id uuid, p_attempt integer)
  returns table (head_id uuid, shard integer, shard_key text, shard_input jsonb, report json)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_shard ops.job_runs;
  v_head_id uuid;
begin
  perform ops.fence(p_job_run_id, p_attempt);
  select * into strict v_shard from ops.job_runs j where j.job_run_id = p_job_run_id;
  select j.job_run_id into strict v_head_id from ops.job_runs j
  where j.run_id = v_shard.run_id and j.job = v_shard.job and j.shard = 0 for no key update;
  return query
    select v_head_id, j.shard, j.shard_key, j.shard_input, j.report
    from ops.job_runs j
    where j.run_id = v_shard.run_id and j.job = v_shard.job and j.shard > 0
      and not exists (
        select from ops.job_runs o
        where o.run_id = v_shard.run_id and o.job = v_shard.job and o.shard > 0 and o.job_run_id <> p_job_run_id and o.status <> 'succeeded'
      )
    order by j.shard;
end
$$;

comment on function ops.last_shard is 'All shards of a job, for the last of them to join.';
