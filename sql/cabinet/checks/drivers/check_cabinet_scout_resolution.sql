-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_resolution(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case
    when (c.scout_id is not null) <> coalesce(c.is_scout_resolved, false) or (c.scout_id is not null) <> (c.scout_quality_bucket is distinct from 'MISSING')
    then format('scout %s, resuelto %s, calidad %s', coalesce(c.scout_id::text, '-'), c.is_scout_resolved, c.scout_quality_bucket)
  end;

comment on function ops.check_cabinet_scout_resolution is 'A driver with scout is resolved and has a quality; one without is neither and MISSING.';
