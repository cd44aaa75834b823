-- grain: one row per check and offending row
-- requires: ops.check_cabinet_amounts, ops.check_cabinet_claims_without_driver, ops.check_cabinet_duplicate_claims, ops.check_cabinet_gap_and_cover, ops.check_cabinet_gap_is_empty, ops.check_cabinet_milestones_per_lead, ops.check_cabinet_independent_of_payments, ops.check_cabinet_trips_complete, ops.check_cabinet_achievement_evidence, ops.check_cabinet_achievements_recorded, ops.check_cabinet_paid_causes_in_band, ops.check_cabinet_payment_names_shared, ops.check_cabinet_payments_gone, ops.check_cabinet_payments_recorded, ops.check_cabinet_reconciled_states
-- The list of checks, with the level of each: H fails, W is worth a look. A check without offending rows has one row here, with subject NULL.
create or replace view ops.v_cabinet_checks as
select c.name, c.level, o.subject, o.detail, o.evidence
from (values
  ('amounts', 'H'),
  ('claims_without_driver', 'H'),
  ('duplicate_claims', 'H'),
  ('gap_and_cover', 'H'),
  ('gap_is_empty', 'W'),
  ('milestones_per_lead', 'H'),
  ('independent_of_payments', 'H'),
  ('trips_complete', 'W'),
  ('achievement_evidence', 'H'),
  ('achievements_recorded', 'W'),
  ('paid_causes_in_band', 'W'),
  ('payment_names_shared', 'W'),
  ('payments_gone', 'W'),
  ('payments_recorded', 'W'),
  ('reconciled_states', 'H')
) c (name, level)
left join (
  select 'amounts' as name, subject, detail, evidence from ops.check_cabinet_amounts
  union all select 'claims_without_driver', subject, detail, evidence from ops.check_cabinet_claims_without_driver
  union all select 'duplicate_claims', subject, detail, evidence from ops.check_cabinet_duplicate_claims
  union all select 'gap_and_cover', subject, detail, evidence from ops.check_cabinet_gap_and_cover
  union all select 'gap_is_empty', subject, detail, evidence from ops.check_cabinet_gap_is_empty
  union all select 'milestones_per_lead', subject, detail, evidence from ops.check_cabinet_milestones_per_lead
  union all select 'independent_of_payments', subject, detail, evidence from ops.check_cabinet_independent_of_payments
  union all select 'trips_complete', subject, detail, evidence from ops.check_cabinet_trips_complete
  union all select 'achievement_evidence', subject, detail, evidence from ops.check_cabinet_achievement_evidence
  union all select 'achievements_recorded', subject, detail, evidence from ops.check_cabinet_achievements_recorded
  union all select 'paid_causes_in_band', subject, detail, evidence from ops.check_cabinet_paid_causes_in_band
  union all select 'payment_names_shared', subject, detail, evidence from ops.check_cabinet_payment_names_shared
  union all select 'payments_gone', subject, detail, evidence from ops.check_cabinet_payments_gone
  union all select 'payments_recorded', subject, detail, evidence from ops.check_cabinet_payments_recorded
  union all select 'reconciled_states', subject, detail, evidence from ops.check_cabinet_reconciled_states
) o on o.name = c.name;

comment on view ops.v_cabinet_checks is 'Every check of the cabinet with the rows that break it.';
