-- grain: one row per lead and milestone
-- requires: ops.v_cabinet_lead_milestones
-- Any claim of the key covers the expectation: a rejected or expired one is a decision somebody took, not a hole to fill again.
create or replace view ops.v_cabinet_claims_status_14d as
select
  s.lead_id,
  s.lead_source_pk,
  s.lead_date,
  s.week_start,
  s.person_key::text as person_key,
  s.driver_id,
  s.window_end_14d,
  s.milestone as milestone_value,
  s.trips_14d,
  s.milestone_reached as milestone_achieved,
  s.claim_expected,
  s.claim_exists,
  s.claim_status,
  s.gap_reason,
  case s.gap_reason
    when 'CLAIM_NOT_GENERATED' then format('Se alcanzó el hito M%s con %s viajes y no hay reclamo: falta generarlo.', s.milestone, s.trips_14d)
    when 'OK' then format('El reclamo del hito M%s existe.', s.milestone)
    when 'CLAIM_REJECTED' then format('El reclamo del hito M%s fue rechazado; no se vuelve a generar.', s.milestone)
    when 'CLAIM_EXPIRED' then format('El reclamo del hito M%s venció; no se vuelve a generar.', s.milestone)
    when 'NO_IDENTITY' then 'El lead no tiene persona identificada.'
    when 'NO_DRIVER' then 'La persona del lead no tiene conductor vinculado.'
    when 'INSUFFICIENT_TRIPS' then format('El conductor hizo %s viajes en los 14 días y el hito pide %s.', s.trips_14d, s.milestone)
    when 'DRIVER_QUARANTINED' then format('El conductor está en cuarentena: sus %s viajes no se reclaman.', s.trips_14d)
  end as gap_detail,
  s.amount_expected as expected_amount,
  s.rule_id,
  s.rule_window_days,
  s.claim_id
from (
  select
    m.*,
    c.claim_id,
    -- By a column of the join, so that "no claim" is an anti-join to the planner.
    c.person_key is not null as claim_exists,
    case
      when not m.claim_expected then 'INVALID'
      when c.status is null then 'CLAIM_NOT_GENERATED'
      when c.status = 'rejected' then 'CLAIM_REJECTED'
      when c.status = 'expired' then 'CLAIM_EXPIRED'
      else 'OK'
    end as claim_status,
    case
      when not m.claim_expected then m.expected_reason
      when c.status is null then 'CLAIM_NOT_GENERATED'
      when c.status = 'rejected' then 'CLAIM_REJECTED'
      when c.status = 'expired' then 'CLAIM_EXPIRED'
      else 'OK'
    end as gap_reason
  from ops.v_cabinet_lead_milestones m
  left join canon.claims_yango_cabinet_14d c
    on c.person_key = m.person_key and c.lead_date = m.lead_date and c.milestone = m.milestone
) s;

comment on view ops.v_cabinet_claims_status_14d is 'Every lead against every milestone: what is expected, what exists, and why they differ.';
comment on column ops.v_cabinet_claims_status_14d.claim_exists is 'A claim of this person, lead date and milestone exists, in whatever status.';
comment on column ops.v_cabinet_claims_status_14d.claim_status is
  'INVALID where none is expected; else CLAIM_NOT_GENERATED, CLAIM_REJECTED, CLAIM_EXPIRED, or OK (expected, generated, paid).';
comment on column ops.v_cabinet_claims_status_14d.gap_reason is
  'As claim_status; where that is INVALID, why: NO_IDENTITY, NO_DRIVER, INSUFFICIENT_TRIPS, DRIVER_QUARANTINED.';
comment on column ops.v_cabinet_claims_status_14d.expected_amount is 'Soles.';
