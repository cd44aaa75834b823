-- grain: one value, the share of the derived claims whose person has a scout
-- requires: ops.v_cabinet_derived_claims, ops.v_scout_attribution
create or replace view ops.check_cabinet_scout_claims_coverage as
select
  'total' as subject,
  round(100.0 * count(a.scout_id) / nullif(count(*), 0), 2) as value,
  jsonb_build_object('claims', count(*), 'with_scout', count(a.scout_id)) as evidence
from ops.v_cabinet_derived_claims c
left join ops.v_scout_attribution a on a.person_key = c.person_key;

comment on view ops.check_cabinet_scout_claims_coverage is 'Percent of the derived claims with scout; empty where there are no claims.';
