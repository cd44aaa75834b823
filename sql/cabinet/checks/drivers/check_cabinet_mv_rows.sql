-- grain: one row per driver whom the materialized view and its view do not show alike
-- requires: ops.v_cabinet_cobranza_enriched_14d, ops.mv_yango_cabinet_cobranza_enriched_14d, ops.v_mv_last_refresh, ops.today
-- Asked only where both are of the same business date; ops.check_cabinet_mv_as_of tells when they are not.
create or replace view ops.check_cabinet_mv_rows as
select
  format('driver:%s', coalesce(mv.driver_id, live.driver_id)) as subject,
  case
    when live.driver_id is null then 'solo en la vista materializada'
    when mv.driver_id is null then 'solo en la vista'
    else 'la vista materializada y la vista difieren'
  end || ': ejecutar cabinet.mv-refresh' as detail,
  jsonb_build_object(
    'driver_id', coalesce(mv.driver_id, live.driver_id),
    'materialized_due', mv.amount_due_yango::text, 'live_due', live.amount_due_yango::text,
    'materialized_scout', mv.scout_id, 'live_scout', live.scout_id) as evidence
from ops.mv_yango_cabinet_cobranza_enriched_14d mv
full join ops.v_cabinet_cobranza_enriched_14d live on live.driver_id = mv.driver_id
where exists (
    select from ops.v_mv_last_refresh l
    where l.schema_name = 'ops' and l.mv_name = 'mv_yango_cabinet_cobranza_enriched_14d' and l.as_of = ops.today()
  )
  and row(mv.*) is distinct from row(live.*);

comment on view ops.check_cabinet_mv_rows is 'The materialized view holds the rows of its view.';
