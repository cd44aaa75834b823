-- grain: one value per lead and milestone: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_milestones
create or replace function ops.check_cabinet_gap_open_amounts(c ops.v_cabinet_checked_milestones) returns text
  language sql stable
  return case when c.claim_expected and not c.claim_exists then format('M%s', c.milestone_value) end;

comment on function ops.check_cabinet_gap_open_amounts is 'Soles of the open gaps by milestone.';
