-- grain: one row per milestone and amount that it is claimed at, with the dates on which it is
-- requires: ops.v_cabinet_claim_rules
-- Every milestone has exactly one amount on every date: where no rule version is in force, the standard one.
create or replace view ops.v_cabinet_prices as
select milestone, in_force, amount
from ops.v_cabinet_claim_rules
union all
select m.milestone, '{(,)}'::datemultirange - coalesce(ruled.dates, '{}'), m.standard_amount
from canon.cabinet_milestones m
left join (
  select r.milestone, range_agg(stretch) as dates
  from ops.v_cabinet_claim_rules r
  cross join lateral unnest(r.in_force) stretch
  group by r.milestone
) ruled on ruled.milestone = m.milestone;

comment on view ops.v_cabinet_prices is 'What each milestone is worth on each lead date.';
comment on column ops.v_cabinet_prices.amount is 'Soles.';
