-- grain: one row per driver and milestone reached (layer C2)
-- requires: ops.as_of
-- The achievements as they were recorded, and not what a calculation says today: ops.v_cabinet_achievements_today sets the two side by side.
create or replace view ops.v_cabinet_milestones_achieved as
select
  driver_id, person_key, milestone_value, lead_date,
  true as milestone_achieved,
  achieved_date, achieved_trips_in_window, window_days, expected_amount, currency, rule_id, rule_scope, rule_valid_from, rule_valid_to
from canon.milestone_achievements
where achieved_date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view ops.v_cabinet_milestones_achieved is 'ACHIEVED: the driver did the trips. An operational fact, whoever paid.';
comment on column ops.v_cabinet_milestones_achieved.expected_amount is 'In currency; of the rule version, not of a payment.';
