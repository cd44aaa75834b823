-- grain: one row per driver and milestone paid and not reached
-- requires: ops.v_cabinet_milestones_achieved, ops.v_cabinet_milestones_paid, ops.v_cabinet_payment_rule
-- Why each payment without an achievement is one: the first cause that holds. None of them is an error to correct.
-- A driver known by name alone is evidence (identity_status), not a cause: only two ids that contradict each other are.
create or replace view ops.v_cabinet_paid_without_achievement as
select
  driver_id, milestone_value, paid_person_key, pay_date, payment_key, identity_status, match_rule, match_confidence,
  driver_id_original, driver_id_enriched, person_key_original, raw_driver_name,
  rule_id, rule_window_days, rule_valid_from, rule_valid_to, first_day_in_window, last_day_in_window, trips_in_window,
  achieved_driver_id,
  classification_cause,
  case
    when achieved_driver_id is not null then
      format('La misma persona alcanzó el hito M%s con otro conductor (%s).', milestone_value, achieved_driver_id)
    when classification_cause = 'IDENTITY_MISMATCH' then
      format('El pago nombró al conductor %s y hoy se encuentra por nombre a %s, con confianza %s.',
             driver_id_original, driver_id_enriched, match_confidence)
    when pay_date is null then 'Fecha de pago desconocida: no se puede saber qué regla ni qué viajes le corresponden.'
    when classification_cause = 'WINDOW_MISMATCH' and rule_id is null then
      format('No hay ninguna versión de regla para el hito M%s.', milestone_value)
    when classification_cause = 'WINDOW_MISMATCH' and pay_date < rule_valid_from then
      format('La fecha de pago %s es anterior al inicio de la regla (%s).', pay_date, rule_valid_from)
    when classification_cause = 'WINDOW_MISMATCH' then
      format('La fecha de pago %s es posterior al fin de la regla (%s).', pay_date, rule_valid_to)
    when classification_cause = 'INSUFFICIENT_TRIPS_CONFIRMED' then
      format('%s viajes entre %s y %s; el hito pide %s.', trips_in_window, first_day_in_window, last_day_in_window, milestone_value)
    else
      format('%s viajes entre %s y %s alcanzan el hito M%s, pero no consta alcanzado dentro de la ventana del lead, o no se conoce el lead.',
             trips_in_window, first_day_in_window, last_day_in_window, milestone_value)
  end as classification_evidence
from (
  select
    p.driver_id, p.milestone_value, p.person_key as paid_person_key, p.pay_date, p.payment_key,
    p.identity_status, p.match_rule, p.match_confidence, p.driver_id_original, p.driver_id_enriched, p.person_key_original, p.raw_driver_name,
    r.rule_id, r.rule_window_days, r.rule_valid_from, r.rule_valid_to, r.first_day_in_window, r.last_day_in_window, r.trips_in_window,
    other.driver_id as achieved_driver_id,
    case
      when other.driver_id is not null then 'IDENTITY_MISMATCH'
      when p.driver_id_original <> p.driver_id_enriched and p.match_confidence <> 'high' then 'IDENTITY_MISMATCH'
      when p.pay_date is null then 'UPSTREAM_OVERPAYMENT'
      when r.rule_id is null or r.days_off > 0 then 'WINDOW_MISMATCH'
      when r.trips_in_window < p.milestone_value then 'INSUFFICIENT_TRIPS_CONFIRMED'
      else 'UPSTREAM_OVERPAYMENT'
    end as classification_cause
  from ops.v_cabinet_milestones_paid p
  join ops.v_cabinet_payment_rule r on r.driver_id = p.driver_id and r.milestone_value = p.milestone_value
  left join ops.v_cabinet_milestones_achieved a on a.driver_id = p.driver_id and a.milestone_value = p.milestone_value
  left join lateral (
    select o.driver_id
    from ops.v_cabinet_milestones_achieved o
    where o.person_key = p.person_key and o.milestone_value = p.milestone_value
    order by o.driver_id
    limit 1
  ) other on true
  where a.driver_id is null
) classified;

comment on view ops.v_cabinet_paid_without_achievement is 'Payments of milestones that are not recorded as reached, each with its cause and the evidence for it.';
comment on column ops.v_cabinet_paid_without_achievement.classification_cause is
  'The first that holds of IDENTITY_MISMATCH, WINDOW_MISMATCH, INSUFFICIENT_TRIPS_CONFIRMED, UPSTREAM_OVERPAYMENT.';
comment on column ops.v_cabinet_paid_without_achievement.achieved_driver_id is 'The driver under whom the same person reached the milestone.';
