-- grain: one row per lead with a date
-- requires: ops.v_cabinet_limbo_standing, ops.limbo_reason
-- As of now: jobs, checks, alerts and the story of a lead read it here. The screens read ops.v_cabinet_limbo_kept.
create or replace view ops.v_cabinet_leads_limbo as
select
  lead_id,
  lead_source_pk,
  lead_date,
  week_start,
  park_phone,
  asset_plate_number,
  lead_name,
  person_key,
  driver_id,
  trips_14d,
  window_end_14d,
  reached_m1_14d,
  reached_m5_14d,
  reached_m25_14d,
  expected_amount_14d,
  has_claim_m1,
  has_claim_m5,
  has_claim_m25,
  limbo_stage,
  ops.limbo_reason(limbo_stage, lead_source_pk, person_key, driver_id, driver_quarantined, lead_date, window_end_14d::date, trips_14d, first_missing_claim)
    as limbo_reason_detail,
  has_generated_claim_m1,
  has_generated_claim_m5,
  has_generated_claim_m25
from ops.v_cabinet_limbo_standing;

comment on view ops.v_cabinet_leads_limbo is 'Every lead with the one stage at which it stands: NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM or OK.';
comment on column ops.v_cabinet_leads_limbo.has_claim_m1 is 'Derived: payment calculation gives this driver the milestone, on whatever day zero, paid or not.';
comment on column ops.v_cabinet_leads_limbo.has_generated_claim_m1 is
  'Generated: a claim of this person, lead_date and milestone is in canon.claims_yango_cabinet_14d, in whatever status.';
comment on column ops.v_cabinet_leads_limbo.expected_amount_14d is 'Soles: of all milestones reached.';
