-- grain: one job that cannot run any more because of one of its parents; why
-- requires: ops.last_success
create or replace function ops.skip_error(p_run ops.runs, p_job text, p_parent text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when soft is null then jsonb_build_object('code', 'PARENT_NOT_SUCCEEDED') else jsonb_build_object('code', 'INPUT_TOO_OLD') end
         || jsonb_build_object(
           'message', p_job || case when soft is null then ' needs ' else ' reads ' end || p_parent || ', which did not succeed'
             || coalesce(': shard ' || (error ->> 'shard') || ' (' || (error ->> 'shardKey') || ') failed', '')
             || case when soft is null then '' when before is null then ' and never did before'
                     else '; its last success is as of ' || (before ->> 'asOf') || ', and may be ' || (soft ->> 'maxAgeDays') || ' days old at most' end,
           'parent', p_parent)
         || case when error ? 'shard' then jsonb_build_object('shard', error -> 'shard', 'shardKey', error -> 'shardKey') else '{}' end
  from (
    select (select j.error from ops.job_runs j where j.run_id = p_run.run_id and j.job = p_parent and j.shard = 0) as error,
           (select s from jsonb_array_elements(p_run.graph -> p_job -> 'softAfter') s where s ->> 'job' = p_parent) as soft,
           ops.last_success(p_run.pipeline, p_parent, p_run.as_of, p_run.run_id) as before
  ) as x;
$$;

comment on function ops.skip_error is 'What the ledger says of a job that was skipped because of another.';
