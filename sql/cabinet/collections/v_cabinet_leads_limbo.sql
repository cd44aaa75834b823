-- grain: one row per lead with a date
-- requires: ops.v_cabinet_lead_stages, ops.v_cabinet_prices
-- The stage and the derived claims are those of ops.v_cabinet_lead_stages. Prices are left joins although there is always
-- one: the planner cannot know, and would expect no lead at all.
create or replace view ops.v_cabinet_leads_limbo as
with price as materialized (
  select milestone, in_force, amount from ops.v_cabinet_prices
), generated as (
  select
    person_key, lead_date,
    bool_or(milestone = 1) as m1, bool_or(milestone = 5) as m5, bool_or(milestone = 25) as m25
  from canon.claims_yango_cabinet_14d
  group by person_key, lead_date
), standing as (
  select
    s.*, l.park_phone, l.asset_plate_number,
    concat(l.first_name, ' ', l.middle_name, ' ', l.last_name) as lead_name,
    s.trips_14d >= 1 as reached_m1, s.trips_14d >= 5 as reached_m5, s.trips_14d >= 25 as reached_m25,
    (case when s.trips_14d >= 1 then p1.amount else 0 end + case when s.trips_14d >= 5 then p5.amount else 0 end
      + case when s.trips_14d >= 25 then p25.amount else 0 end)::numeric(12, 2) as expected_amount,
    coalesce(generated.m1, false) as generated_m1, coalesce(generated.m5, false) as generated_m5,
    coalesce(generated.m25, false) as generated_m25
  from ops.v_cabinet_lead_stages s
  join public.module_ct_cabinet_leads l on l.id = s.lead_id
  left join price p1 on p1.milestone = 1 and multirange_contains_elem(p1.in_force, s.lead_date)
  left join price p5 on p5.milestone = 5 and multirange_contains_elem(p5.in_force, s.lead_date)
  left join price p25 on p25.milestone = 25 and multirange_contains_elem(p25.in_force, s.lead_date)
  left join generated on generated.person_key = s.person_key and generated.lead_date = s.lead_date
)
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
  reached_m1 as reached_m1_14d,
  reached_m5 as reached_m5_14d,
  reached_m25 as reached_m25_14d,
  expected_amount as expected_amount_14d,
  has_claim_m1,
  has_claim_m5,
  has_claim_m25,
  limbo_stage,
  case
    when limbo_stage = 'NO_IDENTITY' then format(
      'FALTA: vínculo de identidad. Acción: ejecutar cabinet.leads-reconcile para source_pk=%s (module_ct_cabinet_leads) y revisar teléfono, licencia y placa en los datos de origen.',
      lead_source_pk)
    when limbo_stage = 'NO_DRIVER' then format(
      'FALTA: driver_id. Acción: revisar los vínculos de person_key=%s con la tabla drivers; puede necesitar un vínculo manual.',
      person_key)
    when limbo_stage = 'NO_TRIPS_14D' then format(
      'FALTA: viajes en la ventana. Acción: revisar summary_daily de driver_id=%s en [%s, %s); puede ser normal.',
      driver_id, lead_date, window_end_14d::date)
    when limbo_stage = 'TRIPS_NO_CLAIM' and driver_quarantined then format(
      'FALTA: reclamo M%s con %s viajes: el conductor %s está en cuarentena y no se le calcula pago. Acción: resolver la cuarentena.',
      first_missing_claim, trips_14d, driver_id)
    when limbo_stage = 'TRIPS_NO_CLAIM' then format(
      'FALTA: reclamo M%s con %s viajes. Acción: revisar el lead_event de source_pk=%s y ejecutar cabinet.claims-reconcile.',
      first_missing_claim, trips_14d, lead_source_pk)
    else 'COMPLETO: identidad, conductor, viajes y reclamos.'
  end as limbo_reason_detail,
  generated_m1 as has_generated_claim_m1,
  generated_m5 as has_generated_claim_m5,
  generated_m25 as has_generated_claim_m25
from standing;

comment on view ops.v_cabinet_leads_limbo is 'Every lead with the one stage at which it stands: NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM or OK.';
comment on column ops.v_cabinet_leads_limbo.has_claim_m1 is 'Derived: payment calculation gives this driver the milestone, on whatever day zero, paid or not.';
comment on column ops.v_cabinet_leads_limbo.has_generated_claim_m1 is
  'Generated: a claim of this person, lead_date and milestone is in canon.claims_yango_cabinet_14d, in whatever status.';
comment on column ops.v_cabinet_leads_limbo.expected_amount_14d is 'Soles: of all milestones reached.';
