-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_name(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case when c.scout_id is not null and not c.has_scout_name then format('el scout %s no tiene nombre', c.scout_id) end;

comment on function ops.check_cabinet_scout_name is 'Every scout credited has a name.';
