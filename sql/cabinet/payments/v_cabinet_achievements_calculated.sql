-- grain: one row per driver and milestone that the payment calculation gives as reached today
-- requires: ops.v_payment_calculation
-- Of several (two windows, two versions) the latest day zero, then the rule's later valid_from, then its higher id.
-- One CASE, so that the planner keeps to the calculation's own order: told of the scope first, it counts each person's days once per
-- rule, four times as long over 30,000 persons.
create or replace view ops.v_cabinet_achievements_calculated as
select distinct on (p.driver_id, p.milestone_trips)
  p.driver_id, p.milestone_trips as milestone_value, p.person_key, p.lead_date, p.achieved_date, p.achieved_trips_in_window,
  p.rule_scope, p.rule_id, p.window_days, p.amount as expected_amount, p.currency, p.rule_valid_from, p.rule_valid_to
from ops.v_payment_calculation p
where case
  when p.origin_tag = 'cabinet' and p.rule_scope = 'partner' and p.milestone_trips = any (array(select milestone from canon.cabinet_milestones))
    then p.milestone_achieved
  else false
end
order by p.driver_id, p.milestone_trips, p.lead_date desc, p.rule_valid_from desc, p.rule_id desc;

comment on view ops.v_cabinet_achievements_calculated is 'What the achievements would be, were they worked out today.';
