-- grain: one row per driver
-- requires: observational.v_person_origins, ops.v_cabinet_lead_resolution, ops.v_claims_payment_status_cabinet, ops.v_cabinet_prices, ops.as_of, ops.in_window
-- Drivers who appeared in the cabinet, and those whom only a lead with trips speaks of. Drivers of payment calculation
-- alone, a third source of the screen this replaces, cannot be: it stands on the same appearances.
create or replace view ops.v_cabinet_financial_14d as
with price as materialized (
  select milestone, in_force, amount from ops.v_cabinet_prices
), appeared as materialized (
  -- By a CASE: of an equation with an expression the planner would expect one row in 200.
  select driver_id, lead_date from observational.v_person_origins
  where case when origin_tag = 'cabinet' then driver_id is not null else false end
), universe as (
  select driver_id, lead_date, true as appeared from appeared
  union all
  (
    select distinct on (r.driver_id) r.driver_id, r.lead_date, false
    from ops.v_cabinet_lead_resolution r
    where r.trips_14d > 0 and not exists (select from appeared a where a.driver_id = r.driver_id)
    order by r.driver_id, r.lead_date desc
  )
), claim as (
  select
    driver_id,
    bool_or(milestone_value = 1) as m1, bool_or(milestone_value = 5) as m5, bool_or(milestone_value = 25) as m25,
    sum(expected_amount) filter (where milestone_value = 1 and paid_flag) as paid_m1,
    sum(expected_amount) filter (where milestone_value = 5 and paid_flag) as paid_m5,
    sum(expected_amount) filter (where milestone_value = 25 and paid_flag) as paid_m25
  from ops.v_claims_payment_status_cabinet
  group by driver_id
), measured as (
  select
    u.driver_id, u.lead_date, trips.in_window as trips_14d, connection.first_date as connected_date,
    trips.in_window >= 1 as reached_m1, trips.in_window >= 5 as reached_m5, trips.in_window >= 25 as reached_m25
  from universe u
  cross join lateral (
    select coalesce(sum(t.trips), 0) as in_window
    from canon.driver_day_trips t
    where t.driver_id = u.driver_id
      and ops.in_window(t.trip_date, u.lead_date, 14)
      and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
  ) trips
  left join lateral (
    select t.trip_date as first_date
    from canon.driver_day_trips t
    where u.appeared
      and t.driver_id = u.driver_id
      and t.trip_date >= u.lead_date
      and t.work_seconds > 0
      and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
    order by t.trip_date
    limit 1
  ) connection on true
), owed as (
  select
    m.*,
    (case when m.reached_m1 then p1.amount else 0 end)::numeric(12, 2) as expected_m1,
    (case when m.reached_m5 then p5.amount else 0 end)::numeric(12, 2) as expected_m5,
    (case when m.reached_m25 then p25.amount else 0 end)::numeric(12, 2) as expected_m25,
    coalesce(c.m1, false) as claim_m1, coalesce(c.m5, false) as claim_m5, coalesce(c.m25, false) as claim_m25,
    c.paid_m1 is not null as claim_m1_paid, c.paid_m5 is not null as claim_m5_paid, c.paid_m25 is not null as claim_m25_paid,
    coalesce(c.paid_m1, 0)::numeric(12, 2) as paid_m1,
    coalesce(c.paid_m5, 0)::numeric(12, 2) as paid_m5,
    coalesce(c.paid_m25, 0)::numeric(12, 2) as paid_m25
  from measured m
  left join price p1 on p1.milestone = 1 and multirange_contains_elem(p1.in_force, m.lead_date)
  left join price p5 on p5.milestone = 5 and multirange_contains_elem(p5.in_force, m.lead_date)
  left join price p25 on p25.milestone = 25 and multirange_contains_elem(p25.in_force, m.lead_date)
  left join claim c on c.driver_id = m.driver_id
)
select
  o.driver_id,
  o.lead_date,
  coalesce(d.full_name, 'N/A') as driver_name,
  to_char(o.lead_date, 'IYYY-IW') as iso_week,
  date_trunc('week', o.lead_date::timestamp)::date as week_start,
  o.connected_date is not null as connected_flag,
  o.connected_date,
  o.trips_14d as total_trips_14d,
  o.reached_m1 as reached_m1_14d,
  o.reached_m5 as reached_m5_14d,
  o.reached_m25 as reached_m25_14d,
  o.expected_m1 as expected_amount_m1,
  o.expected_m5 as expected_amount_m5,
  o.expected_m25 as expected_amount_m25,
  (o.expected_m1 + o.expected_m5 + o.expected_m25)::numeric(12, 2) as expected_total_yango,
  o.claim_m1 as claim_m1_exists,
  o.claim_m1_paid,
  o.claim_m5 as claim_m5_exists,
  o.claim_m5_paid,
  o.claim_m25 as claim_m25_exists,
  o.claim_m25_paid,
  o.paid_m1 as paid_amount_m1,
  o.paid_m5 as paid_amount_m5,
  o.paid_m25 as paid_amount_m25,
  (o.paid_m1 + o.paid_m5 + o.paid_m25)::numeric(12, 2) as total_paid_yango,
  (o.expected_m1 + o.expected_m5 + o.expected_m25 - o.paid_m1 - o.paid_m5 - o.paid_m25)::numeric(12, 2) as amount_due_yango,
  (greatest(0, o.paid_m1 - o.expected_m1) + greatest(0, o.paid_m5 - o.expected_m5) + greatest(0, o.paid_m25 - o.expected_m25))::numeric(12, 2)
    as amount_overpaid
from owed o
left join public.drivers d on d.driver_id = o.driver_id;

comment on view ops.v_cabinet_financial_14d is 'Per driver: milestones reached, what they are worth, what of it was paid, and what is due.';
comment on column ops.v_cabinet_financial_14d.amount_due_yango is 'Soles: expected less paid; negative where more was paid than reached (see amount_overpaid).';
comment on column ops.v_cabinet_financial_14d.amount_overpaid is 'Soles: per milestone what was paid above what is expected, added up; never negative.';
comment on column ops.v_cabinet_financial_14d.total_paid_yango is
  'Soles, assumed: the payer says that a milestone was paid, not how much, so it counts at the claim''s amount. A payment without a derived claim does not count.';
comment on column ops.v_cabinet_financial_14d.connected_date is 'First day of work from lead_date on, whenever it was; only for drivers who appeared in the cabinet.';
