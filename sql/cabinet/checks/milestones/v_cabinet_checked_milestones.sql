-- grain: one row per lead and milestone
-- requires: ops.v_cabinet_claims_status_14d
create or replace view ops.v_cabinet_checked_milestones as
select
  format('lead:%s/M%s', lead_id, milestone_value) as subject,
  expected_amount as amount,
  lead_id, lead_date, week_start, driver_id, milestone_value, trips_14d, claim_expected, claim_exists, claim_status, gap_reason, rule_id
from ops.v_cabinet_claims_status_14d;

comment on view ops.v_cabinet_checked_milestones is 'Each lead against each milestone: what the checks of claims and gaps look at.';
