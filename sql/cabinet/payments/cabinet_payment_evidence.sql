-- grain: one row per piece of evidence about a driver and a milestone
-- requires: ops.v_cabinet_milestones_paid, ops.v_cabinet_milestones_achieved, ops.v_cabinet_payment_rule
-- PAID, ACHIEVED_by_driver_id and PAYMENT_RULES are always there, empty ({}) when there is nothing; ACHIEVED_by_person_key only if any.
create or replace function ops.cabinet_payment_evidence(p_driver_id text, p_milestone integer)
  returns table (place integer, evidence_type text, evidence jsonb)
  language sql stable
as $$
  with paid as (
    -- By column: a reader may not see the name beside them.
    select p.pay_date, p.payment_key, p.person_key, p.identity_status, p.match_rule, p.match_confidence, p.driver_id_original,
           p.driver_id_enriched, p.person_key_original
    from ops.v_cabinet_milestones_paid p
    where p.driver_id = p_driver_id and p.milestone_value = p_milestone
  ), achieved as (
    select a.driver_id = p_driver_id as by_driver, jsonb_build_object(
      'driver_id', a.driver_id, 'person_key', a.person_key, 'lead_date', a.lead_date, 'achieved_date', a.achieved_date,
      'achieved_trips_in_window', a.achieved_trips_in_window, 'window_days', a.window_days,
      'expected_amount', a.expected_amount::text, 'currency', a.currency, 'rule_id', a.rule_id,
      'trip_days', (select s.trip_days from canon.milestone_achievements s where s.driver_id = a.driver_id and s.milestone_value = a.milestone_value)
    ) as evidence
    from ops.v_cabinet_milestones_achieved a
    where a.milestone_value = p_milestone
      and (a.driver_id = p_driver_id or a.person_key = (select p.person_key from paid p))
  )
  select 1, 'PAID', coalesce((
    select jsonb_build_object(
      'pay_date', p.pay_date, 'payment_key', p.payment_key, 'person_key', p.person_key, 'identity_status', p.identity_status,
      'match_rule', p.match_rule, 'match_confidence', p.match_confidence, 'driver_id_original', p.driver_id_original,
      'driver_id_enriched', p.driver_id_enriched, 'person_key_original', p.person_key_original)
    from paid p), '{}')
  union all
  select 2, 'ACHIEVED_by_driver_id', coalesce((select evidence from achieved where by_driver), '{}')
  union all
  select 3, 'ACHIEVED_by_person_key', evidence from achieved where not by_driver
  union all
  select 4, 'PAYMENT_RULES', coalesce((
    select jsonb_build_object(
      'rule_id', r.rule_id, 'window_days', r.rule_window_days, 'valid_from', r.rule_valid_from, 'valid_to', r.rule_valid_to,
      'days_off', r.days_off, 'first_day_in_window', r.first_day_in_window, 'last_day_in_window', r.last_day_in_window,
      'trips_in_window', r.trips_in_window)
    from ops.v_cabinet_payment_rule r where r.driver_id = p_driver_id and r.milestone_value = p_milestone and r.rule_id is not null), '{}')
  order by 1, 3;
$$;

comment on function ops.cabinet_payment_evidence(text, integer) is 'Everything that explains one driver and milestone: the payment, the achievement, the rule.';
