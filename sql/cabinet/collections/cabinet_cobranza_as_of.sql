-- grain: one value, the refresh that the drivers' standing is as of
-- requires: ops.v_mv_last_refresh
create or replace function ops.cabinet_cobranza_as_of(p_materialized boolean) returns jsonb
  language sql stable
as $$
  select jsonb_build_object('refresh_id', refresh_id, 'as_of', as_of, 'refreshed_at', refreshed_at, 'run_id', run_id)
  from ops.v_mv_last_refresh
  where p_materialized and schema_name = 'ops' and mv_name = 'mv_yango_cabinet_cobranza_enriched_14d';
$$;

comment on function ops.cabinet_cobranza_as_of is 'Which refresh a reader of the materialized view sees; NULL when there was none, or when the live view is read.';
