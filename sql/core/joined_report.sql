-- grain: one job that split itself and has no join of its own; what its shards report, added up
-- requires: none
-- Keys that hold a number in every shard that has them, in the order in which the shards wrote them. Nothing else can be
-- added without knowing what it means: amounts are strings, and a job that reports them joins its shards itself.
create or replace function ops.joined_report(p_run_id uuid, p_job text) returns json
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  with shard as (
    select j.shard, j.status, j.report from ops.job_runs j where j.run_id = p_run_id and j.job = p_job and j.shard > 0
  ), figure as (
    select e.key, sum(case when json_typeof(e.value) = 'number' then (e.value #>> '{}')::numeric end) as total,
           min(s.shard) as first_shard, min(e.place) as place
    from shard s cross join lateral json_each(s.report) with ordinality as e(key, value, place)
    where e.key not in ('shards', 'shards_succeeded')
    group by e.key
    having bool_and(json_typeof(e.value) = 'number')
  ), line as (
    select 'shards' as key, (select count(*) from shard)::numeric as value, 0 as first_shard, 0 as place
    union all
    select 'shards_succeeded', (select count(*) from shard where status = 'succeeded'), 0, 1
    union all
    select key, total, first_shard, place from figure
  )
  select json_object_agg(key, value order by first_shard, place, key) from line;
$$;

comment on function ops.joined_report is 'The figures of all shards of a job, added up by key.';
