-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_week(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.in_limbo
      and (extract(isodow from c.week_start) = 1 and c.lead_date >= c.week_start and c.lead_date < c.week_start + 7) is not true
    then format('%s no es el lunes de la semana de %s', c.week_start, c.lead_date)
  end;

comment on function ops.check_cabinet_limbo_week is 'week_start is the Monday of the lead''s week.';
