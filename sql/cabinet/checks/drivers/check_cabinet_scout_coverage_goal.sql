-- grain: one value, the share of the collection screens' drivers who have a scout
-- requires: ops.check_cabinet_scout_coverage
create or replace view ops.check_cabinet_scout_coverage_goal as
select subject, value, evidence from ops.check_cabinet_scout_coverage;

comment on view ops.check_cabinet_scout_coverage_goal is 'The same percentage against the goal: below it is amber on the screen.';
