-- grain: one row per driver and milestone that is reached and not recorded
-- requires: ops.v_cabinet_achievements_today
create or replace view ops.check_cabinet_achievements_recorded as
select
  format('driver:%s/M%s', driver_id, milestone_value) as subject,
  'hito alcanzado y no registrado: ejecutar cabinet.achievements-record' as detail,
  jsonb_build_object('driver_id', driver_id, 'milestone', milestone_value, 'lead_date', lead_date_today, 'achieved_date', achieved_date_today,
                     'trips', achieved_trips_today, 'rule_id', rule_id_today) as evidence
from ops.v_cabinet_achievements_today
where today = 'NOT_YET_RECORDED';

comment on view ops.check_cabinet_achievements_recorded is 'Every milestone reached is recorded.';
