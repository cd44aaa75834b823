-- grain: one row per driver
-- requires: ops.mv_yango_cabinet_cobranza_enriched_14d
-- As of the last refresh, without names: what the collection screens show.
create or replace view ops.v_cabinet_checked_drivers as
select
  format('driver:%s', driver_id) as subject,
  amount_due_yango as amount,
  driver_id, lead_date, week_start, total_trips_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d,
  claim_m1_exists, claim_m5_exists, claim_m25_exists, claim_m1_paid, claim_m5_paid, claim_m25_paid,
  expected_total_yango, total_paid_yango, amount_due_yango, amount_overpaid,
  scout_id, scout_name is not null as has_scout_name, scout_quality_bucket, is_scout_resolved, scout_source_table
from ops.mv_yango_cabinet_cobranza_enriched_14d;

comment on view ops.v_cabinet_checked_drivers is 'Each driver of the collection screens: what the checks of money and scouts look at.';
