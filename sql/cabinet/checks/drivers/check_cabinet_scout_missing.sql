-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_scout_missing(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case when c.scout_id is null and (c.reached_m1_14d or c.reached_m5_14d or c.reached_m25_14d) then 'alcanzó un hito y no tiene scout' end;

comment on function ops.check_cabinet_scout_missing is 'C3: drivers who reached a milestone and have no scout, the largest debt first.';
