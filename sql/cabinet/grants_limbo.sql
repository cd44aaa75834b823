-- grain: none; who may read limbo as of its refresh
-- requires: ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals, ops.v_cabinet_limbo_kept
-- Names, phones and plates are the screens' to read; the jobs see figures and ids.
grant select on ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals, ops.v_cabinet_limbo_kept to cuadre_reader;
grant select on ops.mv_cabinet_limbo_totals to cuadre_jobs;
grant select (
  lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, driver_quarantined, trips_14d, window_end_14d,
  reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d, has_claim_m1, has_claim_m5, has_claim_m25, first_missing_claim,
  limbo_stage, has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
) on ops.mv_cabinet_limbo to cuadre_jobs;
