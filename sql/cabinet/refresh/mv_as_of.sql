-- grain: one value, the refresh that a materialized view of ops is as of
-- requires: ops.v_mv_last_refresh
create or replace function ops.mv_as_of(p_mv_name text) returns jsonb
  language sql stable
as $$
  select jsonb_build_object('refresh_id', refresh_id, 'as_of', as_of, 'refreshed_at', refreshed_at, 'run_id', run_id)
  from ops.v_mv_last_refresh
  where schema_name = 'ops' and mv_name = p_mv_name;
$$;

comment on function ops.mv_as_of is 'Which refresh a reader of the materialized view sees; NULL when there was none.';
