-- grain: one job as of one date; where its newest success is, of the runs for real up to that date; null when there is none
-- requires: none
create or replace function ops.last_success(p_pipeline text, p_job text, p_as_of date, p_but uuid) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('runId', r.run_id, 'asOf', r.as_of, 'ageDays', p_as_of - r.as_of)
  from ops.runs r
  join ops.job_runs j on j.run_id = r.run_id and j.job = p_job and j.shard = 0
  where r.pipeline = p_pipeline and r.as_of <= p_as_of and not r.dry_run and r.run_id <> p_but and j.status = 'succeeded'
  order by r.as_of desc, j.finished_at desc
  limit 1;
$$;

comment on function ops.last_success is 'The newest run, as of a date or before it, in which a job succeeded.';
