-- grain: one job of one run; its soft dependencies that did not succeed in the run, and what it works with instead
-- requires: ops.last_success
create or replace function ops.stale_inputs(p_run ops.runs, p_job text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(s.value || coalesce(ops.last_success(p_run.pipeline, j.job, p_run.as_of, p_run.run_id),
                                       '{"runId": null, "asOf": null, "ageDays": null}') order by s.place)
  from jsonb_array_elements(p_run.graph -> p_job -> 'softAfter') with ordinality as s(value, place)
  join ops.job_runs j on j.run_id = p_run.run_id and j.job = s.value ->> 'job' and j.shard = 0
  where j.status in ('failed', 'skipped');
$$;

comment on function ops.stale_inputs is 'Which of its inputs a job takes from an earlier run.';
