-- grain: one row per lead that limbo as kept and limbo as of now do not show alike
-- requires: ops.v_cabinet_limbo_standing, ops.mv_cabinet_limbo, ops.v_mv_last_refresh, ops.today
-- Every column of every lead, without tolerance. Asked only where both are of the same business date; ops.check_cabinet_mv_as_of
-- tells when they are not. What the other checks of limbo find of the view as of now, they find of what is kept then.
create or replace view ops.check_cabinet_limbo_mv_rows as
select
  format('lead:%s', coalesce(mv.lead_id, live.lead_id)) as subject,
  case
    when live.lead_id is null then 'solo en la vista materializada'
    when mv.lead_id is null then 'solo en la vista'
    else 'la vista materializada y la vista difieren'
  end || ': ejecutar cabinet.mv-refresh' as detail,
  jsonb_build_object(
    'lead_id', coalesce(mv.lead_id, live.lead_id),
    'materialized_stage', mv.limbo_stage, 'live_stage', live.limbo_stage,
    'materialized_trips', mv.trips_14d, 'live_trips', live.trips_14d) as evidence
from ops.mv_cabinet_limbo mv
full join ops.v_cabinet_limbo_standing live on live.lead_id = mv.lead_id
where exists (
    select from ops.v_mv_last_refresh l
    where l.schema_name = 'ops' and l.mv_name = 'mv_cabinet_limbo' and l.as_of = ops.today()
  )
  and row(mv.*) is distinct from row(live.*);

comment on view ops.check_cabinet_limbo_mv_rows is 'Limbo as kept holds the rows of its view.';
