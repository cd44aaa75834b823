-- grain: one value per driver: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_presence(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case when c.scout_id is null then 'WITHOUT_SCOUT' else 'WITH_SCOUT' end;

comment on function ops.check_cabinet_scout_presence is 'C1: drivers with and without scout.';
