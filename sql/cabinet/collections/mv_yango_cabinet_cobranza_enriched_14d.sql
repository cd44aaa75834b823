-- grain: one row per driver
-- requires: ops.v_cabinet_cobranza_enriched_14d
-- Made empty: a deployment must not wait for it. The job cabinet.mv-refresh fills it, and says in ops.mv_refresh_log as of when.
-- Nothing volatile in it: a refresh on unchanged data finds no row to change.
create materialized view ops.mv_yango_cabinet_cobranza_enriched_14d as
select
  driver_id, lead_date, driver_name, iso_week, week_start, connected_flag, connected_date, total_trips_14d,
  reached_m1_14d, reached_m5_14d, reached_m25_14d,
  expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango,
  claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
  paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango,
  scout_id, scout_name, scout_name_normalized, scout_is_active, scout_quality_bucket, is_scout_resolved,
  scout_source_table, scout_attribution_date, scout_priority, person_key, amount_overpaid
from ops.v_cabinet_cobranza_enriched_14d
with no data;

create unique index idx_mv_cobranza_enriched_driver_id_unique on ops.mv_yango_cabinet_cobranza_enriched_14d (driver_id);
create index idx_mv_cobranza_enriched_lead_date on ops.mv_yango_cabinet_cobranza_enriched_14d (lead_date desc);
create index idx_mv_cobranza_enriched_week_start on ops.mv_yango_cabinet_cobranza_enriched_14d (week_start desc, lead_date desc, driver_id);
create index idx_mv_cobranza_enriched_scout_id
  on ops.mv_yango_cabinet_cobranza_enriched_14d (scout_id, lead_date desc, driver_id) where scout_id is not null;
create index idx_mv_cobranza_enriched_debt_partial
  on ops.mv_yango_cabinet_cobranza_enriched_14d (amount_due_yango desc) where amount_due_yango > 0;
create index idx_mv_cobranza_enriched_milestone_flags
  on ops.mv_yango_cabinet_cobranza_enriched_14d (reached_m1_14d, reached_m5_14d, reached_m25_14d);
create index idx_mv_cobranza_enriched_scout_quality
  on ops.mv_yango_cabinet_cobranza_enriched_14d (scout_quality_bucket) where scout_quality_bucket is not null;
-- In the order in which pages are turned: all, one week's or one scout's (above), and those who owe.
create index idx_mv_cobranza_enriched_page on ops.mv_yango_cabinet_cobranza_enriched_14d (lead_date desc, driver_id);
create index idx_mv_cobranza_enriched_debt_page
  on ops.mv_yango_cabinet_cobranza_enriched_14d (lead_date desc, driver_id) where amount_due_yango > 0;
-- In the order in which the scouts' screen shows who matters most among those without.
create index idx_mv_cobranza_enriched_missing_scout
  on ops.mv_yango_cabinet_cobranza_enriched_14d (amount_due_yango desc nulls last, lead_date desc nulls last, driver_id)
  where scout_id is null and (reached_m1_14d or reached_m5_14d or reached_m25_14d);

comment on materialized view ops.mv_yango_cabinet_cobranza_enriched_14d is
  'What the collection screens read: ops.v_cabinet_cobranza_enriched_14d as of its last refresh.';
