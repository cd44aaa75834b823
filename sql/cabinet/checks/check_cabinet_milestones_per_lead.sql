-- grain: one row per lead that does not stand against each milestone exactly once
-- requires: ops.v_cabinet_claims_expected_14d
create or replace view ops.check_cabinet_milestones_per_lead as
select
  format('lead:%s', lead_id) as subject,
  format('%s hitos en lugar de %s', count(*), (select count(*) from canon.cabinet_milestones)) as detail,
  jsonb_build_object('lead_id', lead_id, 'milestones', jsonb_agg(milestone order by milestone)) as evidence
from ops.v_cabinet_claims_expected_14d
group by lead_id
having count(*) <> (select count(*) from canon.cabinet_milestones)
    or count(distinct milestone) <> count(*);

comment on view ops.check_cabinet_milestones_per_lead is 'Each lead is measured against each milestone once: nothing is counted double.';
