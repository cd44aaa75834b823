-- grain: one row per lead with a date
-- requires: ops.mv_cabinet_limbo, ops.limbo_reason
-- The columns of ops.v_cabinet_leads_limbo, as of the last refresh.
create or replace view ops.v_cabinet_limbo_kept as
select
  lead_id, lead_source_pk, lead_date, week_start, park_phone, asset_plate_number, lead_name, person_key, driver_id,
  trips_14d, window_end_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d,
  has_claim_m1, has_claim_m5, has_claim_m25, limbo_stage,
  ops.limbo_reason(limbo_stage, lead_source_pk, person_key, driver_id, driver_quarantined, lead_date, window_end_14d::date, trips_14d, first_missing_claim)
    as limbo_reason_detail,
  has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
from ops.mv_cabinet_limbo;

comment on view ops.v_cabinet_limbo_kept is 'Limbo as the screen shows it: every lead with its stage and what it lacks, as of the last refresh of ops.mv_cabinet_limbo.';
