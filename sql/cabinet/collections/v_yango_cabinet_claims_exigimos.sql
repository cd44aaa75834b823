-- grain: one row per driver and milestone that is put to the payer
-- requires: ops.v_yango_cabinet_claims_for_collection
create or replace view ops.v_yango_cabinet_claims_exigimos as
select
  md5(concat_ws('|', driver_id, milestone_value, lead_date)) as claim_key,
  driver_id, person_key, driver_name, milestone_value, lead_date, expected_amount,
  yango_due_date, days_overdue_yango, overdue_bucket_yango, yango_payment_status, reason_code,
  identity_status, match_rule, match_confidence, is_reconcilable_enriched, payment_key, pay_date, suggested_driver_id,
  action_priority
from ops.v_yango_cabinet_claims_for_collection
where yango_payment_status = 'UNPAID'
  and driver_id is not null
  and milestone_value in (select milestone from canon.cabinet_milestones);

comment on view ops.v_yango_cabinet_claims_exigimos is 'What we ask the payer for: unpaid derived claims of known drivers.';
