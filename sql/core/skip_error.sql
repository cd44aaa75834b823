-- grain: one job that cannot run any more; why
-- requires: none
-- p_parent: name, error, max_age_days (null of a hard dependency) and before (its last success) of the job that bars it.
create or replace function ops.skip_error(p_job text, p_parent jsonb) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'code', case when soft then 'INPUT_TOO_OLD' else 'PARENT_NOT_SUCCEEDED' end,
           'message', p_job || case when soft then ' reads ' else ' needs ' end || (p_parent ->> 'name') || ', which did not succeed'
             || coalesce(': shard ' || (error ->> 'shard') || ' (' || (error ->> 'shardKey') || ') failed', '')
             || case when not soft then '' when p_parent -> 'before' = 'null' then ' and never did before'
                     else '; its last success is as of ' || (p_parent -> 'before' ->> 'asOf') || ', and more than '
                          || (p_parent ->> 'max_age_days') || ' days old is too old' end,
           'parent', p_parent -> 'name')
         || case when error ? 'shard' then jsonb_build_object('shard', error -> 'shard', 'shardKey', error -> 'shardKey') else '{}' end
  from (select p_parent -> 'error' as error, p_parent ->> 'max_age_days' is not null as soft) as x;
$$;

comment on function ops.skip_error is 'What the ledger says of a job that was skipped because of another.';
