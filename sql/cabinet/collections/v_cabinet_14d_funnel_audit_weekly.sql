-- grain: one row per week of leads or of derived claims
-- requires: ops.v_cabinet_leads_limbo, ops.v_cabinet_lead_milestones, ops.v_cabinet_derived_claims
-- Claims count in the week of the claim's own day zero: drivers whom a scout brought have one without being a lead, so
-- claims_missing may be negative.
create or replace view ops.v_cabinet_14d_funnel_audit_weekly as
with lead as (
  select
    week_start,
    count(*) as leads_total,
    count(distinct lead_source_pk) as leads_distinct_pk,
    count(person_key) as leads_with_identity,
    count(distinct person_key) as distinct_person_keys,
    count(driver_id) as leads_with_driver,
    count(distinct driver_id) as distinct_drivers,
    count(distinct driver_id) filter (where trips_14d > 0) as drivers_with_trips_14d,
    count(distinct driver_id) filter (where reached_m1_14d) as reached_m1_14d,
    count(distinct driver_id) filter (where reached_m5_14d) as reached_m5_14d,
    count(distinct driver_id) filter (where reached_m25_14d) as reached_m25_14d,
    sum(trips_14d) as total_trips_14d_sum,
    count(*) filter (where limbo_stage = 'NO_IDENTITY') as limbo_no_identity,
    count(*) filter (where limbo_stage = 'NO_DRIVER') as limbo_no_driver,
    count(*) filter (where limbo_stage = 'NO_TRIPS_14D') as limbo_no_trips_14d,
    count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM') as limbo_trips_no_claim,
    count(*) filter (where limbo_stage = 'OK') as limbo_ok
  from ops.v_cabinet_leads_limbo
  group by week_start
), expected as (
  select
    week_start,
    count(*) filter (where milestone = 1) as m1,
    count(*) filter (where milestone = 5) as m5,
    count(*) filter (where milestone = 25) as m25,
    sum(amount_expected) as amount
  from ops.v_cabinet_lead_milestones
  where claim_expected
  group by week_start
), present as (
  select
    date_trunc('week', lead_date::timestamp)::date as week_start,
    count(distinct driver_id) filter (where milestone_value = 1) as m1,
    count(distinct driver_id) filter (where milestone_value = 5) as m5,
    count(distinct driver_id) filter (where milestone_value = 25) as m25
  from ops.v_cabinet_derived_claims
  group by 1
)
select
  week_start,
  coalesce(l.leads_total, 0) as leads_total,
  coalesce(l.leads_distinct_pk, 0) as leads_distinct_pk,
  coalesce(l.leads_with_identity, 0) as leads_with_identity,
  coalesce(l.distinct_person_keys, 0) as distinct_person_keys,
  coalesce(l.leads_with_driver, 0) as leads_with_driver,
  coalesce(l.distinct_drivers, 0) as distinct_drivers,
  coalesce(l.drivers_with_trips_14d, 0) as drivers_with_trips_14d,
  coalesce(l.reached_m1_14d, 0) as reached_m1_14d,
  coalesce(l.reached_m5_14d, 0) as reached_m5_14d,
  coalesce(l.reached_m25_14d, 0) as reached_m25_14d,
  coalesce(l.total_trips_14d_sum, 0) as total_trips_14d_sum,
  coalesce(e.m1, 0) as claims_expected_m1,
  coalesce(e.m5, 0) as claims_expected_m5,
  coalesce(e.m25, 0) as claims_expected_m25,
  coalesce(e.amount, 0)::numeric(14, 2) as debt_expected_total,
  coalesce(p.m1, 0) as claims_present_m1,
  coalesce(p.m5, 0) as claims_present_m5,
  coalesce(p.m25, 0) as claims_present_m25,
  coalesce(e.m1, 0) - coalesce(p.m1, 0) as claims_missing_m1,
  coalesce(e.m5, 0) - coalesce(p.m5, 0) as claims_missing_m5,
  coalesce(e.m25, 0) - coalesce(p.m25, 0) as claims_missing_m25,
  coalesce(l.limbo_no_identity, 0) as limbo_no_identity,
  coalesce(l.limbo_no_driver, 0) as limbo_no_driver,
  coalesce(l.limbo_no_trips_14d, 0) as limbo_no_trips_14d,
  coalesce(l.limbo_trips_no_claim, 0) as limbo_trips_no_claim,
  coalesce(l.limbo_ok, 0) as limbo_ok,
  coalesce(round(100.0 * l.leads_with_identity / nullif(l.leads_total, 0), 2), 0.00) as pct_with_identity,
  coalesce(round(100.0 * l.leads_with_driver / nullif(l.leads_with_identity, 0), 2), 0.00) as pct_with_driver,
  coalesce(round(100.0 * l.drivers_with_trips_14d / nullif(l.leads_with_driver, 0), 2), 0.00) as pct_with_trips_14d
from lead l
full join expected e using (week_start)
full join present p using (week_start);

comment on view ops.v_cabinet_14d_funnel_audit_weekly is 'From lead to claim, week by week: how many got how far, and where the others stand.';
comment on column ops.v_cabinet_14d_funnel_audit_weekly.debt_expected_total is 'Soles: of the claims expected for the week''s leads.';
