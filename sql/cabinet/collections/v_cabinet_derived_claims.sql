-- grain: one row per driver and milestone
-- requires: ops.v_cabinet_achieved_milestones
-- The derived family of claims: what payment calculation says was achieved. The generated family is the table
-- canon.claims_yango_cabinet_14d; ops.check_cabinet_claim_families lists where they differ.
create or replace view ops.v_cabinet_derived_claims as
select distinct on (driver_id, milestone_value)
  driver_id,
  person_key,
  milestone_value,
  lead_date,
  amount as expected_amount,
  achieved_date,
  achieved_trips_in_window,
  rule_id
from ops.v_cabinet_achieved_milestones
order by driver_id, milestone_value, lead_date desc, rule_valid_from desc, rule_id desc;

comment on view ops.v_cabinet_derived_claims is
  'Claims as payment calculation derives them: a milestone that a driver achieved, under the rule in force, of the latest day zero.';
comment on column ops.v_cabinet_derived_claims.expected_amount is 'Soles, of the rule version.';
