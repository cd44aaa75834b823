-- grain: one row per lead and milestone
-- requires: ops.v_cabinet_lead_milestones
create or replace view ops.v_cabinet_claims_expected_14d as
select
  lead_id,
  lead_source_pk,
  lead_date as lead_date_canonico,
  week_start,
  person_key::text as person_key,
  driver_id,
  window_end_14d,
  milestone,
  trips_14d as trips_in_window,
  milestone_reached,
  claim_expected,
  amount_expected,
  expected_reason as expected_reason_detail,
  rule_id
from ops.v_cabinet_lead_milestones;

comment on view ops.v_cabinet_claims_expected_14d is
  'What must exist: a claim is expected when the milestone was reached inside the 14 days by a known person''s driver who is not in quarantine.';
comment on column ops.v_cabinet_claims_expected_14d.expected_reason_detail is
  'The first that holds of NO_IDENTITY, NO_DRIVER, INSUFFICIENT_TRIPS, DRIVER_QUARANTINED; else OK.';
comment on column ops.v_cabinet_claims_expected_14d.amount_expected is 'Soles; present also where no claim is expected.';
