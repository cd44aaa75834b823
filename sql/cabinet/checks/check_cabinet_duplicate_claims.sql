-- grain: one row per person, lead date and milestone with more than one claim
-- requires: none
create or replace view ops.check_cabinet_duplicate_claims as
select
  format('claim:%s/%s/M%s', person_key, lead_date, milestone) as subject,
  format('%s reclamos de la misma persona, fecha e hito', count(*)) as detail,
  jsonb_build_object('person_key', person_key, 'lead_date', lead_date, 'milestone', milestone, 'claim_ids', jsonb_agg(claim_id order by claim_id)) as evidence
from canon.claims_yango_cabinet_14d
group by person_key, lead_date, milestone
having count(*) > 1;

comment on view ops.check_cabinet_duplicate_claims is 'A right to collect exists once.';
