-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_milestones_per_lead(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.milestones <> c.all_milestones or c.milestones <> c.distinct_milestones
    then format('%s hitos en lugar de %s', c.milestones, c.all_milestones)
  end;

comment on function ops.check_cabinet_milestones_per_lead is 'Each lead is measured against each milestone once: nothing is counted double.';
