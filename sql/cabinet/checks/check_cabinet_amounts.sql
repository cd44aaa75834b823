-- grain: one row per lead and milestone whose claim is expected without an amount
-- requires: ops.v_cabinet_claims_status_14d
create or replace view ops.check_cabinet_amounts as
select
  format('lead:%s/M%s', lead_id, milestone_value) as subject,
  'el reclamo esperado no tiene monto' as detail,
  jsonb_build_object('lead_id', lead_id, 'milestone', milestone_value, 'rule_id', rule_id, 'expected_amount', expected_amount::text) as evidence
from ops.v_cabinet_claims_status_14d
where claim_expected and coalesce(expected_amount, 0) = 0;

comment on view ops.check_cabinet_amounts is 'G1: every expected claim has an amount.';
