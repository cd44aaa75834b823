-- grain: one row per day of leads and stage
-- requires: ops.mv_cabinet_limbo
-- Limbo added up by everything that its screen filters by, so that what a million leads come to is a sum
-- of some thousand rows at most. Refreshed after the view that it reads, in the same transaction.
create materialized view ops.mv_cabinet_limbo_totals as
select
  lead_date, week_start, limbo_stage,
  count(*) as leads,
  count(person_key) as leads_with_identity,
  count(*) filter (where has_claim_m1 or has_claim_m5 or has_claim_m25) as leads_with_claims,
  count(*) filter (where person_key is null) as leads_without_identity,
  count(*) filter (where not (has_claim_m1 or has_claim_m5 or has_claim_m25)) as leads_without_claims,
  count(*) filter (where person_key is null and not (has_claim_m1 or has_claim_m5 or has_claim_m25)) as leads_without_both
from ops.mv_cabinet_limbo
group by lead_date, week_start, limbo_stage
with no data;

create unique index mv_cabinet_limbo_totals_unique on ops.mv_cabinet_limbo_totals (lead_date, limbo_stage);

comment on materialized view ops.mv_cabinet_limbo_totals is 'Leads of ops.mv_cabinet_limbo by day and stage.';
comment on column ops.mv_cabinet_limbo_totals.leads_with_claims is 'With a derived claim of some milestone.';
