-- grain: one row per driver and milestone
-- requires: ops.v_payment_calculation
-- The derived family of claims: what payment calculation says was achieved. The generated family is the table
-- canon.claims_yango_cabinet_14d; ops.check_cabinet_claim_families lists where they differ.
-- The conditions stand in one CASE, of which the planner expects half the rows: of each equation with an expression it
-- expects one in 200, of all together two claims, and then compares every claim with every payment (20,000 leads: 13 s).
create or replace view ops.v_cabinet_derived_claims as
select distinct on (p.driver_id, p.milestone_trips)
  p.driver_id,
  p.person_key,
  p.milestone_trips as milestone_value,
  p.lead_date,
  p.amount as expected_amount,
  p.achieved_date,
  p.achieved_trips_in_window,
  p.rule_id
from ops.v_payment_calculation p
where case
  when p.origin_tag = 'cabinet' and p.rule_scope = 'partner' and p.milestone_trips = any (array(select milestone from canon.cabinet_milestones))
    then p.milestone_achieved and p.achieved_date <= p.lead_date + 14
  else false
end
order by p.driver_id, p.milestone_trips, p.lead_date desc, p.rule_valid_from desc, p.rule_id desc;

comment on view ops.v_cabinet_derived_claims is
  'Claims as payment calculation derives them: a milestone that a driver achieved, under the rule in force, of the latest day zero.';
comment on column ops.v_cabinet_derived_claims.expected_amount is 'Soles, of the rule version.';
