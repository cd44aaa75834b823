-- grain: one row per driver and milestone paid
-- requires: ops.v_cabinet_milestones_paid, ops.as_of
-- Each payment under the rule of its time. Among all versions, closed ones too, the one whose dates hold pay_date; if none does,
-- the nearest. Of several the later valid_from, then the higher id. A withdrawn version was never in force and takes no part.
-- The days in which trips are looked for are closed on both sides, so a window of 14 is 15 days: it is the payer's own formula.
create or replace view ops.v_cabinet_payment_rule as
select
  p.driver_id, p.milestone_value,
  rule.id as rule_id, rule.window_days as rule_window_days, rule.valid_from as rule_valid_from, rule.valid_to as rule_valid_to,
  rule.days_off,
  p.pay_date - rule.window_days as first_day_in_window,
  case when rule.id is not null then p.pay_date end as last_day_in_window,
  case when rule.id is not null then coalesce(trips.trips, 0) end as trips_in_window
from ops.v_cabinet_milestones_paid p
left join lateral (
  select r.id, r.window_days, r.valid_from, r.valid_to, greatest(r.valid_from - p.pay_date, p.pay_date - r.valid_to, 0) as days_off
  from ops.partner_payment_rules r
  where r.origin_tag = 'cabinet' and r.milestone_trips = p.milestone_value and (r.is_active or r.valid_to is not null)
    and p.pay_date is not null
  order by days_off, r.valid_from desc, r.id desc
  limit 1
) rule on true
left join lateral (
  select sum(t.trips) as trips
  from canon.driver_day_trips t
  where t.driver_id = p.driver_id
    and t.trip_date >= p.pay_date - rule.window_days
    and t.trip_date <= p.pay_date
    and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
) trips on true;

comment on view ops.v_cabinet_payment_rule is 'Each payment with the rule version of its date and the trips of the window before it.';
comment on column ops.v_cabinet_payment_rule.days_off is 'Days between pay_date and the version''s validity; 0 inside it.';
comment on column ops.v_cabinet_payment_rule.trips_in_window is 'Trips from first_day_in_window to last_day_in_window, both included; empty without a pay_date or a rule.';
