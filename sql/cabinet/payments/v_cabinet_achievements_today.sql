-- grain: one row per driver and milestone that is recorded as reached or calculated as reached today
-- requires: ops.v_cabinet_milestones_achieved, ops.v_cabinet_achievements_calculated
create or replace view ops.v_cabinet_achievements_today as
select
  coalesce(a.driver_id, c.driver_id) as driver_id,
  coalesce(a.milestone_value, c.milestone_value) as milestone_value,
  case
    when a.driver_id is null then 'NOT_YET_RECORDED'
    when c.driver_id is null then 'NOT_ACHIEVED_TODAY'
    when (a.person_key, a.lead_date, a.achieved_date, a.achieved_trips_in_window, a.rule_id, a.expected_amount)
         is distinct from (c.person_key, c.lead_date, c.achieved_date, c.achieved_trips_in_window, c.rule_id, c.expected_amount)
      then 'DIFFERS'
    else 'SAME'
  end as today,
  a.person_key, a.lead_date, a.achieved_date, a.achieved_trips_in_window, a.rule_id, a.expected_amount,
  c.person_key as person_key_today, c.lead_date as lead_date_today, c.achieved_date as achieved_date_today,
  c.achieved_trips_in_window as achieved_trips_today, c.rule_id as rule_id_today, c.expected_amount as expected_amount_today
from ops.v_cabinet_milestones_achieved a
full join ops.v_cabinet_achievements_calculated c on c.driver_id = a.driver_id and c.milestone_value = a.milestone_value;

comment on view ops.v_cabinet_achievements_today is 'Each achievement as recorded, and beside it what would be worked out today. The recorded one holds.';
comment on column ops.v_cabinet_achievements_today.today is 'SAME, DIFFERS, NOT_ACHIEVED_TODAY, or NOT_YET_RECORDED.';
