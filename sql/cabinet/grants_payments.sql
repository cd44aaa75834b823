-- grain: none; who may do what with payments and achievements
-- requires: ops.cabinet_achievements_today, ops.v_yango_payment_source_counts, ops.v_yango_payments_ledger_latest, ops.v_yango_payments_raw_current, ops.v_yango_payments_ledger_latest_enriched, ops.v_cabinet_milestones_achieved, ops.v_cabinet_achievements_calculated, ops.v_cabinet_achievements_today, ops.v_cabinet_milestones_paid, ops.v_cabinet_milestones_reconciled, ops.v_cabinet_payment_rule, ops.v_cabinet_paid_without_achievement, ops.v_cabinet_payment_causes, ops.cabinet_paid_causes, ops.cabinet_payment_evidence, ops.v_cabinet_payment_states, ops.cabinet_driver_trip_days, ops.name_token_key, ops.v_driver_of_name
-- Jobs add to both; what is there neither they nor anybody else can change.
grant select, insert on ops.yango_payment_status_ledger, canon.milestone_achievements to cuadre_jobs;
grant select on
  ops.v_yango_payments_raw_current, ops.v_yango_payment_source_counts, ops.v_yango_payments_ledger_latest, ops.v_yango_payments_ledger_latest_enriched,
  ops.v_cabinet_milestones_achieved, ops.v_cabinet_achievements_calculated, ops.v_cabinet_achievements_today,
  ops.v_cabinet_milestones_paid, ops.v_cabinet_milestones_reconciled, ops.v_cabinet_payment_rule,
  ops.v_cabinet_paid_without_achievement, ops.v_cabinet_payment_causes
to cuadre_jobs;

-- The one name that a reader sees is how the payer wrote it on a payment without achievement: it is evidence there. The functions
-- run as the reader, so it holds the columns that they need and not the names beside them.
grant select on
  canon.milestone_achievements, canon.driver_day_trips,
  ops.v_cabinet_milestones_achieved, ops.v_cabinet_achievements_calculated, ops.v_cabinet_achievements_today,
  ops.v_cabinet_milestones_reconciled, ops.v_cabinet_payment_rule, ops.v_cabinet_paid_without_achievement, ops.v_cabinet_payment_causes, ops.v_cabinet_payment_states
to cuadre_reader;
grant select (driver_id, person_key, milestone_value, pay_date, payment_key, identity_status, match_rule, match_confidence,
              driver_id_original, driver_id_enriched, person_key_original)
on ops.v_cabinet_milestones_paid to cuadre_reader;
