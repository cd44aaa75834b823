-- grain: one row per driver and milestone reached or paid (layer C3)
-- requires: ops.v_cabinet_milestones_achieved, ops.v_cabinet_milestones_paid
create or replace view ops.v_cabinet_milestones_reconciled as
select
  coalesce(a.driver_id, p.driver_id) as driver_id,
  coalesce(a.milestone_value, p.milestone_value) as milestone_value,
  a.milestone_achieved as achieved_flag,
  a.person_key as achieved_person_key,
  a.lead_date as achieved_lead_date,
  a.achieved_date,
  a.achieved_trips_in_window,
  a.window_days,
  a.expected_amount,
  a.currency as achieved_currency,
  a.rule_id,
  p.is_paid as paid_flag,
  p.person_key as paid_person_key,
  p.pay_date,
  p.payment_key,
  p.identity_status,
  p.match_rule,
  p.match_confidence,
  p.latest_snapshot_at,
  case
    when a.milestone_achieved and p.is_paid then 'OK'
    when a.milestone_achieved then 'ACHIEVED_NOT_PAID'
    when p.is_paid then 'PAID_WITHOUT_ACHIEVEMENT'
    else 'NOT_APPLICABLE'
  end as reconciliation_status
from ops.v_cabinet_milestones_achieved a
full join ops.v_cabinet_milestones_paid p on p.driver_id = a.driver_id and p.milestone_value = a.milestone_value;

comment on view ops.v_cabinet_milestones_reconciled is 'RECONCILED: what was reached against what was paid.';
comment on column ops.v_cabinet_milestones_reconciled.reconciliation_status is
  'OK, ACHIEVED_NOT_PAID (to be collected), PAID_WITHOUT_ACHIEVEMENT (valid: the payer decided so), NOT_APPLICABLE (cannot be).';
