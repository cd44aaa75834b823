-- grain: none; who may do what with the cabinet's relations
-- requires: canon.v_person_driver, observational.v_lead_events, observational.v_person_origins, observational.v_conversion_metrics, ops.v_payment_rules_in_force, ops.v_payment_calculation, ops.v_cabinet_claim_rules, ops.v_cabinet_lead_resolution, ops.v_cabinet_lead_milestones, ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_status_14d, ops.v_cabinet_claims_gap_14d
-- Jobs write what jobs own and read what they judge; a claim they can neither delete nor, by its triggers, take back.
grant select on
  canon.driver_day_trips, canon.trip_rejects, canon.cabinet_milestones,
  canon.claims_yango_cabinet_14d, ops.partner_payment_rules, ops.scout_payment_rules,
  canon.v_person_driver, observational.v_lead_events, observational.v_person_origins, observational.v_conversion_metrics,
  ops.v_payment_rules_in_force, ops.v_payment_calculation, ops.v_cabinet_claim_rules, ops.v_cabinet_lead_resolution,
  ops.v_cabinet_lead_milestones, ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_status_14d, ops.v_cabinet_claims_gap_14d
to cuadre_jobs;
grant insert, update, delete on canon.driver_day_trips, canon.trip_rejects to cuadre_jobs;
-- By column: whose claim it is, of which day, milestone and amount, no update may touch, whatever the triggers allow.
grant insert, update (status, expected_at, generated_at, paid_at, reason) on canon.claims_yango_cabinet_14d to cuadre_jobs;

-- An operator corrects claims, and reads what the API reads.
grant insert, update (status, expected_at, generated_at, paid_at, reason) on canon.claims_yango_cabinet_14d to cuadre_operator;

-- The API sees figures and ids; names and phones stay in tables that it cannot read.
grant select on
  canon.cabinet_milestones, canon.claims_yango_cabinet_14d, canon.claim_status_history, canon.trip_rejects,
  ops.partner_payment_rules, ops.v_payment_rules_in_force, ops.v_cabinet_claims_expected_14d,
  ops.v_cabinet_claims_status_14d, ops.v_cabinet_claims_gap_14d
to cuadre_reader, cuadre_operator;
