-- grain: one row per person credited to more than one scout
-- requires: ops.v_scout_attribution
create or replace view ops.check_cabinet_scout_person_once as
select
  format('person:%s', person_key) as subject,
  format('%s scouts para una persona', count(*)) as detail,
  jsonb_build_object('person_key', person_key, 'scout_ids', jsonb_agg(scout_id order by scout_id)) as evidence
from ops.v_scout_attribution
group by person_key
having count(*) > 1;

comment on view ops.check_cabinet_scout_person_once is 'A person is credited to one scout.';
