-- grain: one row per person, origin_tag and rule version (rule_scope, rule_id) in force on day zero
-- requires: observational.v_person_origins, ops.v_payment_rules_in_force, ops.as_of, ops.in_window
-- One running count per person, origin and driver, over each day once, and only then compared with each rule: joined with
-- the rules first, every day would count once per rule. The count rises, so the day that takes it across a milestone is
-- found by bisection (width_bucket: how many entries lie below).
-- A rule is matched by one CASE, which the planner takes for every second rule: with = and @> (1 in 200, 1 in 1000) it expects
-- no rule at all, and counts each person's days once per rule after all (39 s instead of 11 s over 1,000,000 persons).
create or replace view ops.v_payment_calculation as
select
  c.person_key,
  c.origin_tag,
  c.scout_id,
  c.driver_id,
  c.lead_date,
  c.rule_id,
  c.rule_scope,
  c.milestone_trips,
  c.window_days,
  c.currency,
  c.amount,
  c.rule_valid_from,
  c.rule_valid_to,
  c.achieved_date is not null as milestone_achieved,
  c.achieved_date,
  case when c.achieved_date is not null then c.trips_to_date[c.crossing] else 0 end as achieved_trips_in_window,
  c.achieved_date is not null as is_payable,
  c.achieved_date + case
    when c.rule_scope = 'partner' then 14
    when c.origin_tag = 'cabinet' then 7
    else 30
  end as payable_date,
  case
    when c.rule_scope = 'partner' and c.origin_tag = 'cabinet' and c.window_days = 14 then 'yango_14d'
    when c.rule_scope = 'scout' and c.origin_tag = 'fleet_migration' and c.window_days = 30 then 'migration_30d'
    else c.origin_tag || '_' || c.window_days || 'd'
  end || '_' || c.milestone_trips || 'trips' as payment_scheme
from (
  select
    o.person_key, o.origin_tag, o.scout_id, o.driver_id, o.lead_date,
    r.rule_id, r.rule_scope, r.milestone_trips, r.window_days, r.currency, r.amount,
    r.valid_from as rule_valid_from, r.valid_to as rule_valid_to,
    days.trips_to_date,
    reached.crossing,
    case when ops.in_window(days.trip_dates[reached.crossing], o.lead_date, r.window_days) then days.trip_dates[reached.crossing] end as achieved_date
  from observational.v_person_origins o
  cross join lateral (
    select array_agg(trip_date order by trip_date) as trip_dates, array_agg(trips_to_date order by trip_date) as trips_to_date
    from (
      select t.trip_date, sum(t.trips) over (order by t.trip_date rows unbounded preceding) as trips_to_date
      from canon.driver_day_trips t
      where t.driver_id = o.driver_id
        and t.trips > 0
        and ops.in_window(t.trip_date, o.lead_date, (select max(window_days) from ops.v_payment_rules_in_force))
        and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
    ) running
  ) days
  join ops.v_payment_rules_in_force r
    on case when r.milestone_type = 'trips' and r.origin_tag::text = o.origin_tag then r.in_force @> o.lead_date else false end
  cross join lateral (select width_bucket((r.milestone_trips - 1)::bigint, days.trips_to_date) + 1 as crossing) reached
  where o.driver_id is not null and not o.driver_quarantined
) c;

comment on view ops.v_payment_calculation is
  'Each person''s progress under each rule in force on day zero: reached or not, on which day, with how many trips, and what it pays.';
comment on column ops.v_payment_calculation.rule_id is 'Together with rule_scope: partner and scout rules have ids of their own.';
comment on column ops.v_payment_calculation.achieved_trips_in_window is 'Trips from day zero to achieved_date, that day included; 0 while not achieved.';
comment on column ops.v_payment_calculation.amount is 'In currency; of the rule version in force on lead_date, closed since or not.';
