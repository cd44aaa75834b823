-- grain: one row per person, lead date and milestone that one family of claims has and the other has not
-- requires: ops.v_cabinet_derived_claims
-- Informative: derived claims count drivers whom scouts brought and leads older than the claims job looks back, generated
-- ones keep what was true when they were made. The list is what lets somebody judge the difference.
create or replace view ops.check_cabinet_claim_families as
select
  format('person:%s/%s/M%s', coalesce(d.person_key, g.person_key), coalesce(d.lead_date, g.lead_date), coalesce(d.milestone_value, g.milestone))
    as subject,
  case when g.claim_id is null then 'derivado del cálculo de pagos, sin reclamo generado'
       else 'reclamo generado, sin respaldo en el cálculo de pagos' end as detail,
  jsonb_build_object(
    'family', case when g.claim_id is null then 'derived_without_generated' else 'generated_without_derived' end,
    'person_key', coalesce(d.person_key, g.person_key), 'driver_id', coalesce(d.driver_id, g.driver_id),
    'lead_date', coalesce(d.lead_date, g.lead_date), 'milestone', coalesce(d.milestone_value, g.milestone),
    'amount', coalesce(d.expected_amount, g.amount_expected)::text, 'claim_id', g.claim_id, 'status', g.status
  ) as evidence
from ops.v_cabinet_derived_claims d
full join canon.claims_yango_cabinet_14d g
  on g.person_key = d.person_key and g.lead_date = d.lead_date and g.milestone = d.milestone_value
where d.person_key is null or g.claim_id is null;

comment on view ops.check_cabinet_claim_families is 'Where derived claims (payment calculation) and generated ones (the table) differ.';
