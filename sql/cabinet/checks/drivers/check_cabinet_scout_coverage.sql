-- grain: one value, the share of the collection screens' drivers who have a scout
-- requires: ops.v_cabinet_checked_drivers
create or replace view ops.check_cabinet_scout_coverage as
select
  'total' as subject,
  round(100.0 * count(scout_id) / nullif(count(*), 0), 2) as value,
  jsonb_build_object('drivers', count(*), 'with_scout', count(scout_id)) as evidence
from ops.v_cabinet_checked_drivers;

comment on view ops.check_cabinet_scout_coverage is 'Percent of the drivers with scout; empty where there are no drivers. Below 70 the collection figures do not pass.';
