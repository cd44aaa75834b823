-- grain: one row per milestone for which gaps and covered claims do not add up to the expected ones
-- requires: ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_status_14d, ops.v_cabinet_claims_gap_14d
create or replace view ops.check_cabinet_gap_and_cover as
with expected as (
  select milestone, count(*) as n, sum(amount_expected) as amount
  from ops.v_cabinet_claims_expected_14d where claim_expected group by milestone
), gap as (
  select milestone_value as milestone, count(*) as n, sum(expected_amount) as amount
  from ops.v_cabinet_claims_gap_14d group by milestone_value
), covered as (
  select milestone_value as milestone, count(*) as n, sum(expected_amount) as amount
  from ops.v_cabinet_claims_status_14d where claim_expected and claim_exists group by milestone_value
)
select
  format('M%s', m.milestone) as subject,
  'brechas más reclamos cubiertos no suman los esperados' as detail,
  jsonb_build_object(
    'milestone', m.milestone,
    'expected', coalesce(e.n, 0), 'gaps', coalesce(g.n, 0), 'covered', coalesce(c.n, 0),
    'expected_amount', coalesce(e.amount, 0)::text, 'gap_amount', coalesce(g.amount, 0)::text, 'covered_amount', coalesce(c.amount, 0)::text
  ) as evidence
from canon.cabinet_milestones m
left join expected e using (milestone)
left join gap g using (milestone)
left join covered c using (milestone)
where coalesce(e.n, 0) <> coalesce(g.n, 0) + coalesce(c.n, 0)
   or coalesce(e.amount, 0) <> coalesce(g.amount, 0) + coalesce(c.amount, 0);

comment on view ops.check_cabinet_gap_and_cover is 'Gap plus covered is expected, per milestone, in number and amount.';
