-- grain: one row per driver
-- requires: ops.v_cabinet_financial_14d, ops.v_scout_attribution, ops.v_dim_scouts
-- Every driver here comes from a link, so the person is always known and the scout is found by person alone.
create or replace view ops.v_cabinet_cobranza_enriched_14d as
select
  f.driver_id, f.lead_date, f.driver_name, f.iso_week, f.week_start, f.connected_flag, f.connected_date, f.total_trips_14d,
  f.reached_m1_14d, f.reached_m5_14d, f.reached_m25_14d,
  f.expected_amount_m1, f.expected_amount_m5, f.expected_amount_m25, f.expected_total_yango,
  f.claim_m1_exists, f.claim_m1_paid, f.claim_m5_exists, f.claim_m5_paid, f.claim_m25_exists, f.claim_m25_paid,
  f.paid_amount_m1, f.paid_amount_m5, f.paid_amount_m25, f.total_paid_yango, f.amount_due_yango,
  a.scout_id,
  scout.raw_name as scout_name,
  scout.scout_name_normalized,
  scout.is_active as scout_is_active,
  case a.source_table
    when 'observational.lead_ledger' then 'SATISFACTORY_LEDGER'
    when 'observational.lead_events' then 'EVENTS_ONLY'
    when 'public.module_ct_migrations' then 'MIGRATIONS_ONLY'
    when 'public.module_ct_scouting_daily' then 'SCOUTING_DAILY_ONLY'
    when 'public.module_ct_cabinet_payments' then 'CABINET_PAYMENTS_ONLY'
    else 'MISSING'
  end as scout_quality_bucket,
  a.scout_id is not null as is_scout_resolved,
  a.source_table as scout_source_table,
  a.attribution_date as scout_attribution_date,
  a.priority as scout_priority,
  link.person_key,
  f.amount_overpaid
from ops.v_cabinet_financial_14d f
left join canon.identity_links link on link.source_table = 'drivers' and link.source_pk = f.driver_id
left join ops.v_scout_attribution a on a.person_key = link.person_key
left join ops.v_dim_scouts scout on scout.scout_id = a.scout_id;

comment on view ops.v_cabinet_cobranza_enriched_14d is 'The financial standing of each driver with the scout credited; live, where the materialized view of it is as of its refresh.';
comment on column ops.v_cabinet_cobranza_enriched_14d.scout_quality_bucket is 'By the source that the scout was taken from; MISSING without scout.';
