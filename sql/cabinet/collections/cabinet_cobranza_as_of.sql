-- grain: one value, the refresh that the drivers' standing is as of
-- requires: ops.mv_as_of
create or replace function ops.cabinet_cobranza_as_of(p_materialized boolean) returns jsonb
  language sql stable
as $$
  select ops.mv_as_of('mv_yango_cabinet_cobranza_enriched_14d') where p_materialized;
$$;

comment on function ops.cabinet_cobranza_as_of is 'Which refresh a reader of the materialized view sees; NULL when there was none, or when the live view is read.';
