-- grain: one row per person, milestone and rule version that payment calculation gives to a driver
-- requires: ops.v_payment_calculation
-- What a claim is derived from, said once: the stages of leads, the derived claims and all that stands on them read it here.
-- Offset 0 keeps the conditions out of payment calculation: told that only the partner's rules count, the planner takes the
-- rules first and counts each person's days once per rule (over 100,000 leads 5.5 to 7.7 s, against 2.0 s).
-- The conditions stand in one CASE, of which the planner expects half the rows: of each equation with an expression it
-- expects one in 200, of all together two claims, and then compares every claim with every payment (20,000 leads: 13 s).
create or replace view ops.v_cabinet_achieved_milestones as
select
  driver_id, person_key, milestone_trips as milestone_value, lead_date, amount, achieved_date, achieved_trips_in_window,
  rule_valid_from, rule_id
from (
  select
    driver_id, person_key, rule_scope, origin_tag, milestone_trips, lead_date, amount, milestone_achieved, achieved_date,
    achieved_trips_in_window, rule_valid_from, rule_id
  from ops.v_payment_calculation
  offset 0
) calculated
where case
  when rule_scope = 'partner' and origin_tag = 'cabinet' and milestone_trips = any (array(select milestone from canon.cabinet_milestones))
    then milestone_achieved and achieved_date <= lead_date + 14
  else false
end;

comment on view ops.v_cabinet_achieved_milestones is 'The milestones of the cabinet that payment calculation says were achieved, under every rule version in force on day zero.';
