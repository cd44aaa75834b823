-- grain: one value per lead and milestone: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_milestones
create or replace function ops.check_cabinet_amounts(c ops.v_cabinet_checked_milestones) returns text
  language sql stable
  return case when c.claim_expected and coalesce(c.amount, 0) = 0 then 'el reclamo esperado no tiene monto' end;

comment on function ops.check_cabinet_amounts is 'G1: every expected claim has an amount.';
