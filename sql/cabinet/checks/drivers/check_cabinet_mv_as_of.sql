-- grain: one row per materialized view of the screens that is not of the business date
-- requires: ops.v_mv_last_refresh, ops.today
create or replace view ops.check_cabinet_mv_as_of as
select
  shown.mv_name as subject,
  format('la vista materializada es del %s y la fecha de negocio es %s: ejecutar cabinet.mv-refresh', coalesce(l.as_of::text, 'nunca'), ops.today())
    as detail,
  jsonb_build_object('as_of', l.as_of, 'refreshed_at', l.refreshed_at, 'today', ops.today()) as evidence
from (values ('mv_yango_cabinet_cobranza_enriched_14d'), ('mv_cabinet_limbo')) shown (mv_name)
left join ops.v_mv_last_refresh l on l.schema_name = 'ops' and l.mv_name = shown.mv_name
where l.as_of is distinct from ops.today();

comment on view ops.check_cabinet_mv_as_of is 'The materialized views of drivers and limbo were refreshed as of the business date.';
