-- grain: one row per driver and milestone that is recorded as reached or calculated as reached today; of one driver, or of all (NULL)
-- requires: ops.v_cabinet_milestones_achieved, ops.v_cabinet_achievements_calculated
-- A function, because a condition on the driver does not pass through a full join: one driver would cost as much as all.
create or replace function ops.cabinet_achievements_today(p_driver_id text)
  returns table (
    driver_id varchar, milestone_value integer, today text,
    person_key uuid, lead_date date, achieved_date date, achieved_trips_in_window bigint, rule_id integer, expected_amount numeric,
    person_key_today uuid, lead_date_today date, achieved_date_today date, achieved_trips_today bigint, rule_id_today integer,
    expected_amount_today numeric, currency_today ops.rule_currency, window_days_today integer, rule_valid_from_today date, rule_valid_to_today date)
  language sql stable
as $$
  select
    coalesce(a.driver_id, c.driver_id),
    coalesce(a.milestone_value, c.milestone_value),
    case
      when a.driver_id is null then 'NOT_YET_RECORDED'
      when c.driver_id is null then 'NOT_ACHIEVED_TODAY'
      when (a.person_key, a.lead_date, a.achieved_date, a.achieved_trips_in_window, a.rule_id, a.expected_amount)
           is distinct from (c.person_key, c.lead_date, c.achieved_date, c.achieved_trips_in_window, c.rule_id, c.expected_amount)
        then 'DIFFERS'
      else 'SAME'
    end,
    a.person_key, a.lead_date, a.achieved_date, a.achieved_trips_in_window, a.rule_id, a.expected_amount,
    c.person_key, c.lead_date, c.achieved_date, c.achieved_trips_in_window, c.rule_id, c.expected_amount,
    c.currency, c.window_days, c.rule_valid_from, c.rule_valid_to
  from (
    select * from ops.v_cabinet_milestones_achieved m where p_driver_id is null or m.driver_id = p_driver_id
  ) a
  full join (
    select * from ops.v_cabinet_achievements_calculated m where p_driver_id is null or m.driver_id = p_driver_id
  ) c on c.driver_id = a.driver_id and c.milestone_value = a.milestone_value;
$$;

comment on function ops.cabinet_achievements_today(text) is
  'Each achievement as recorded, and beside it what would be worked out today. The recorded one holds.';
