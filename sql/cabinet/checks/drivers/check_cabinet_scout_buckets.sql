-- grain: one value per driver: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_buckets(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case when c.scout_id is not null then c.scout_quality_bucket end;

comment on function ops.check_cabinet_scout_buckets is 'C2: drivers with scout by quality of the source.';
