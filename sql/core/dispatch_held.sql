-- grain: one job run, taken up again by a person, whose turn in the graph has come
-- requires: ops.dispatch
-- Called with the run's row locked. When all that a job comes after is settled, nothing more has to be asked: it was let run once,
-- and since then what it needs still is there, or is newer. A parent that succeeded is not repeated, so what stands before
-- that one is not waited for; jobs that begin for the first time are held to the same.
create or replace function ops.dispatch_held(p_run ops.runs) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
begin
  with due as (
    delete from ops.waiting_job_runs w using ops.job_runs j
    where j.run_id = p_run.run_id and w.job_run_id = j.job_run_id and w.held
      and not exists (
        select from jsonb_array_elements((p_run.graph -> j.job -> 'after') || coalesce(p_run.graph -> j.job -> 'softAfter', '[]')) as p(edge)
        where not exists (
          select from ops.job_runs o
          where o.run_id = p_run.run_id and o.job = coalesce(p.edge ->> 'job', p.edge #>> '{}') and o.shard = 0
            and o.status in ('succeeded', 'failed', 'skipped')))
    returning j.job_run_id, j.job, j.shard
  )
  select array_agg(job_run_id order by job, shard) into v_due from due;
  perform ops.dispatch(p_run.run_id, v_due);
end
$$;

comment on function ops.dispatch_held is 'Sends what a retry held back, once all that it comes after is settled.';
