-- grain: one row per driver and milestone
-- requires: ops.v_claims_payment_status_cabinet
create or replace view ops.v_yango_cabinet_claims_for_collection as
select
  c.driver_id,
  c.person_key,
  d.full_name as driver_name,
  c.milestone_value,
  c.lead_date,
  c.expected_amount,
  c.due_date as yango_due_date,
  c.days_overdue as days_overdue_yango,
  case when c.days_overdue > 30 then '4_30_plus' else c.bucket_overdue end as overdue_bucket_yango,
  case
    when c.paid_flag then 'PAID'
    when c.reason_code = 'payment_found_other_milestone' then 'PAID_MISAPPLIED'
    else 'UNPAID'
  end as yango_payment_status,
  c.reason_code,
  coalesce(c.payment_identity_status, c.person_payment_identity_status) as identity_status,
  coalesce(c.payment_match_rule, c.person_payment_match_rule) as match_rule,
  coalesce(c.payment_match_confidence, c.person_payment_match_confidence) as match_confidence,
  coalesce(
    coalesce(c.payment_identity_status, c.person_payment_identity_status) in ('confirmed', 'enriched')
    and (
      coalesce(c.payment_match_confidence, c.person_payment_match_confidence) = 'high'
      or coalesce(c.payment_match_confidence, c.person_payment_match_confidence) = 'medium'
        and coalesce(c.payment_match_rule, c.person_payment_match_rule) = 'name_unique'
    ), false) as is_reconcilable_enriched,
  coalesce(c.payment_key, c.person_payment_key) as payment_key,
  coalesce(c.paid_date, c.person_payment_date) as pay_date,
  c.person_payment_driver_id as suggested_driver_id,
  c.action_priority
from ops.v_claims_payment_status_cabinet c
left join public.drivers d on d.driver_id = c.driver_id;

comment on view ops.v_yango_cabinet_claims_for_collection is 'Derived claims as the collector sees them: by whom, since when overdue, paid, misapplied or unpaid.';
comment on column ops.v_yango_cabinet_claims_for_collection.yango_payment_status is
  'PAID_MISAPPLIED: unpaid, but the payer paid this driver another milestone; such a claim is not put to the payer.';
comment on column ops.v_yango_cabinet_claims_for_collection.suggested_driver_id is
  'Driver under whom the payer paid this person''s milestone; NULL when it named none, or there is no such payment.';
