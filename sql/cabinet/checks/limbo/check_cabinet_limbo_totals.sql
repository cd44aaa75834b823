-- grain: one row per day of leads and stage that the screen of limbo counts otherwise than its rows
-- requires: ops.limbo_totals, ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals
create or replace view ops.check_cabinet_limbo_totals as
select
  format('%s/%s', coalesce(said.lead_date, listed.lead_date), coalesce(said.limbo_stage, listed.limbo_stage)) as subject,
  format('la pantalla cuenta %s y sus filas son %s: ejecutar cabinet.mv-refresh', coalesce(said.leads, 0), coalesce(listed.leads, 0)) as detail,
  jsonb_build_object('counted', said.leads, 'rows', listed.leads) as evidence
from ops.limbo_totals(null, null, null, null) said
full join (
  select
    lead_date, limbo_stage, count(*) as leads, count(person_key) as with_identity,
    count(*) filter (where has_claim_m1 or has_claim_m5 or has_claim_m25) as with_claims
  from ops.mv_cabinet_limbo
  group by lead_date, limbo_stage
) listed on listed.lead_date = said.lead_date and listed.limbo_stage = said.limbo_stage
where (said.leads, said.leads_with_identity, said.leads_with_claims) is distinct from (listed.leads, listed.with_identity, listed.with_claims);

comment on view ops.check_cabinet_limbo_totals is 'The figures of limbo''s screen are those of its rows, day by day and stage by stage.';
