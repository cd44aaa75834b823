-- grain: one value per driver: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_sources(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return c.scout_source_table;

comment on function ops.check_cabinet_scout_sources is 'Drivers with scout by source.';
