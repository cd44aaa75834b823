-- grain: one row per driver and milestone
-- requires: ops.v_cabinet_derived_claims, ops.v_cabinet_milestones_paid, ops.v_yango_payments_ledger_latest_enriched, ops.today
-- Joins and not subqueries in the select list: who asks for fewer columns (limbo, financial) is spared the joins they need.
create or replace view ops.v_claims_payment_status_cabinet as
select
  s.driver_id,
  s.person_key,
  s.milestone_value,
  s.lead_date,
  s.lead_date + interval '14 days' as due_date,
  s.expected_amount,
  greatest(0, ops.today() - s.due_day) as days_overdue,
  case
    when s.due_day >= ops.today() then '0_not_due'
    when ops.today() - s.due_day <= 7 then '1_1_7'
    when ops.today() - s.due_day <= 14 then '2_8_14'
    when ops.today() - s.due_day <= 30 then '3_15_30'
    when ops.today() - s.due_day <= 60 then '4_31_60'
    else '5_60_plus'
  end as bucket_overdue,
  s.paid_flag,
  s.paid_date,
  s.payment_key,
  s.payment_identity_status,
  s.payment_match_rule,
  s.payment_match_confidence,
  case when s.paid_flag then 'paid' else 'not_paid' end as payment_status,
  case when s.paid_flag then 'payment_found' else 'no_payment_found' end as payment_reason,
  case
    when s.paid_flag then 'paid'
    when s.driver_id is null then 'missing_driver_id'
    when s.milestone_value is null then 'missing_milestone'
    when s.driver_was_paid then 'payment_found_other_milestone'
    when s.person_payment_key is not null then 'payment_found_person_key_only'
    else 'no_payment_found'
  end as reason_code,
  case
    when s.paid_flag then 'P0_confirmed_paid'
    when ops.today() - s.due_day >= 15 then 'P0_collect_now'
    when ops.today() - s.due_day >= 8 then 'P1_watch'
    else 'P2_not_due'
  end as action_priority,
  s.person_payment_key,
  s.person_payment_date,
  s.person_payment_driver_id,
  s.person_payment_identity_status,
  s.person_payment_match_rule,
  s.person_payment_match_confidence
from (
  select
    c.driver_id, c.person_key, c.milestone_value, c.lead_date, c.lead_date + 14 as due_day, c.expected_amount,
    paid.payment_key is not null as paid_flag,
    paid.pay_date as paid_date,
    paid.payment_key,
    paid.identity_status as payment_identity_status,
    paid.match_rule as payment_match_rule,
    paid.match_confidence as payment_match_confidence,
    any_paid.driver_id is not null as driver_was_paid,
    other.payment_key as person_payment_key,
    other.pay_date as person_payment_date,
    other.driver_id as person_payment_driver_id,
    other.identity_status as person_payment_identity_status,
    other.match_rule as person_payment_match_rule,
    other.match_confidence as person_payment_match_confidence
  from ops.v_cabinet_derived_claims c
  left join ops.v_cabinet_milestones_paid paid on paid.driver_id = c.driver_id and paid.milestone_value = c.milestone_value
  left join (
    select driver_id from ops.v_cabinet_milestones_paid group by driver_id
  ) any_paid on any_paid.driver_id = c.driver_id
  -- Not of that layer: a payment whose driver nobody knows may still be this person's.
  left join (
    select distinct on (person_key_final, milestone_value)
      person_key_final as person_key, milestone_value, driver_id_final as driver_id, pay_date, payment_key, identity_status, match_rule, match_confidence
    from ops.v_yango_payments_ledger_latest_enriched
    where is_paid and person_key_final is not null
    order by person_key_final, milestone_value, driver_id_final is null, pay_date desc nulls last, latest_snapshot_at desc, payment_key
  ) other on paid.payment_key is null and other.person_key = c.person_key and other.milestone_value = c.milestone_value
) s;

comment on view ops.v_claims_payment_status_cabinet is 'Each derived claim: due when, overdue by how much, paid or not, and why we think so.';
comment on column ops.v_claims_payment_status_cabinet.days_overdue is 'From ops.today(): whole days after due_date, 0 while it is not past.';
comment on column ops.v_claims_payment_status_cabinet.person_payment_key is
  'Of an unpaid claim: a payment of the same person and milestone under another driver, or under none.';
