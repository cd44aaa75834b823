-- grain: one value per lead and milestone: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_milestones
create or replace function ops.check_cabinet_gap_reason_amounts(c ops.v_cabinet_checked_milestones) returns text
  language sql stable
  return c.gap_reason;

comment on function ops.check_cabinet_gap_reason_amounts is 'Soles by the reason why a lead and milestone has a claim or none.';
