-- grain: none; who may do what with claims families, collections, scouts and refreshes
-- requires: ops.today, ops.v_cabinet_prices, ops.v_cabinet_achieved_milestones, ops.v_cabinet_derived_claims, ops.v_claims_payment_status_cabinet, ops.v_yango_cabinet_claims_for_collection, ops.v_yango_cabinet_claims_exigimos, ops.v_cabinet_leads_limbo, ops.v_cabinet_financial_14d, ops.v_cabinet_cobranza_enriched_14d, ops.mv_yango_cabinet_cobranza_enriched_14d, ops.cabinet_cobranza_live, ops.cabinet_cobranza, ops.v_cabinet_14d_funnel_audit_weekly, ops.v_dim_scouts, ops.v_scout_attribution_raw, ops.v_scout_attribution, ops.v_scout_attribution_conflicts, ops.check_cabinet_claim_families, ops.v_materialized_views, ops.refresh_materialized_view, ops.v_mv_health, ops.v_mv_last_refresh, ops.cabinet_cobranza_summary, ops.cabinet_cobranza_as_of, ops.limbo_leads, ops.claims_to_collect
revoke execute on function ops.refresh_materialized_view from public;
grant execute on function ops.refresh_materialized_view to cuadre_jobs;

-- Jobs see figures and ids: of the relations that show names and phones, every column but those.
grant select on
  ops.v_cabinet_prices, ops.v_cabinet_derived_claims, ops.v_claims_payment_status_cabinet,
  ops.v_cabinet_14d_funnel_audit_weekly, ops.v_scout_attribution, ops.check_cabinet_claim_families,
  ops.v_materialized_views, ops.v_mv_health, ops.mv_refresh_log
to cuadre_jobs;
grant select (
  lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, trips_14d, window_end_14d,
  reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d, has_claim_m1, has_claim_m5, has_claim_m25,
  limbo_stage, limbo_reason_detail, has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
) on ops.v_cabinet_leads_limbo to cuadre_jobs;
grant select (
  driver_id, lead_date, iso_week, week_start, total_trips_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d,
  expected_total_yango, total_paid_yango, amount_due_yango, amount_overpaid, scout_id, scout_quality_bucket, is_scout_resolved,
  scout_source_table, scout_attribution_date, scout_priority, person_key
) on ops.mv_yango_cabinet_cobranza_enriched_14d to cuadre_jobs;

-- The collection screens name drivers, scouts and leads: this is where the API may read them, and nowhere else.
grant select on
  ops.v_cabinet_leads_limbo, ops.v_cabinet_cobranza_enriched_14d, ops.mv_yango_cabinet_cobranza_enriched_14d,
  ops.v_yango_cabinet_claims_for_collection, ops.v_yango_cabinet_claims_exigimos, ops.v_cabinet_14d_funnel_audit_weekly,
  ops.v_scout_attribution_conflicts, ops.check_cabinet_claim_families, ops.v_mv_health, ops.v_mv_last_refresh, ops.mv_refresh_log
to cuadre_reader;
