-- grain: one row per lead with a date
-- requires: ops.v_cabinet_limbo_standing
-- Made empty: a deployment must not wait for it. The job cabinet.mv-refresh fills it, and says in ops.mv_refresh_log as of when.
-- Nothing volatile in it: a refresh on unchanged data finds no row to change.
create materialized view ops.mv_cabinet_limbo as
select
  lead_id, lead_source_pk, lead_date, week_start, park_phone, asset_plate_number, lead_name, person_key, driver_id, driver_quarantined,
  trips_14d, window_end_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d,
  has_claim_m1, has_claim_m5, has_claim_m25, first_missing_claim, limbo_stage,
  has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
from ops.v_cabinet_limbo_standing
with no data;

create unique index mv_cabinet_limbo_unique on ops.mv_cabinet_limbo (lead_id);
-- In the order in which pages are turned: all leads or some days', and those of a stage.
create index mv_cabinet_limbo_page on ops.mv_cabinet_limbo (lead_date desc, lead_id);
create index mv_cabinet_limbo_stage_page on ops.mv_cabinet_limbo (limbo_stage, lead_date desc, lead_id);

comment on materialized view ops.mv_cabinet_limbo is 'What the screen of limbo reads: ops.v_cabinet_limbo_standing as of its last refresh.';
