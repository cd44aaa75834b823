-- grain: one row per lead and milestone
-- requires: ops.v_cabinet_lead_resolution, ops.v_cabinet_claim_rules
-- What each lead owes us by milestone, typed. The two claim views below it present this under their own contracts.
create or replace view ops.v_cabinet_lead_milestones as
select
  r.lead_id, r.lead_source_pk, r.lead_date, r.week_start, r.person_key, r.driver_id, r.window_end_14d,
  m.milestone,
  r.trips_14d,
  r.trips_14d >= m.milestone as milestone_reached,
  r.trips_14d >= m.milestone and r.person_key is not null and r.driver_id is not null and not r.driver_quarantined
    as claim_expected,
  coalesce(rule.amount, m.standard_amount) as amount_expected,
  case
    when r.person_key is null then 'NO_IDENTITY'
    when r.driver_id is null then 'NO_DRIVER'
    when r.trips_14d < m.milestone then 'INSUFFICIENT_TRIPS'
    when r.driver_quarantined then 'DRIVER_QUARANTINED'
    else 'OK'
  end as expected_reason,
  rule.rule_id,
  rule.window_days as rule_window_days
from ops.v_cabinet_lead_resolution r
cross join canon.cabinet_milestones m
left join ops.v_cabinet_claim_rules rule on rule.milestone = m.milestone and multirange_contains_elem(rule.in_force, r.lead_date);

comment on view ops.v_cabinet_lead_milestones is 'Each lead against each milestone: reached or not, expected or not and why, and at which amount.';
comment on column ops.v_cabinet_lead_milestones.amount_expected is 'Soles: of the rule version in force on lead_date, else the standard amount.';
