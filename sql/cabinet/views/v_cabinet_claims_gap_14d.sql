-- grain: one row per lead and milestone whose claim is expected and does not exist
-- requires: ops.v_cabinet_claims_status_14d
-- The condition is claim_status = 'CLAIM_NOT_GENERATED' said in columns, which the planner can estimate and a text cannot.
create or replace view ops.v_cabinet_claims_gap_14d as
select
  lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, window_end_14d,
  milestone_value, trips_14d, milestone_achieved, claim_expected, claim_exists,
  claim_status, gap_reason, gap_detail, expected_amount,
  rule_id, rule_window_days
from ops.v_cabinet_claims_status_14d
where claim_expected and not claim_exists;

comment on view ops.v_cabinet_claims_gap_14d is 'The expected claims that do not exist: what the claims job has to generate or to explain.';
