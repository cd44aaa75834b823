-- grain: one job that split itself; its decisions and those of all its shards, counted
-- requires: none
create or replace function ops.joined_counters(p_run_id uuid, p_job text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('decision', decision, 'reason', reason, 'detail', detail, 'count', n)
                            order by decision, reason, detail), '[]')
  from (
    select d.decision, d.reason, d.detail, count(*) as n
    from ops.job_runs j
    join ops.decisions d on d.job_run_id = j.job_run_id
    where j.run_id = p_run_id and j.job = p_job
      -- What a shard decided before it failed was committed chunk by chunk, and stands.
      and j.status in ('succeeded', 'failed', 'running')
    group by d.decision, d.reason, d.detail
  ) counted;
$$;

comment on function ops.joined_counters is 'Counts of the decisions of a job and its shards, by decision, reason and detail.';
