-- grain: one row per lead with a date
-- requires: canon.v_person_driver, ops.as_of, ops.in_window
-- Person, driver and trips of a lead, resolved once for everyone: limbo, expected, gap, financial and funnel read it here.
-- The trips are one index-only range per lead. Joined and grouped instead, a driver's whole past passes through a hash
-- table or a sort: over 1,000,000 leads and 20,000,000 days 8 to 46 s, against 5 s; and a condition on the lead (a week,
-- one id) would not spare the others.
create or replace view ops.v_cabinet_lead_resolution as
select
  l.id as lead_id,
  coalesce(nullif(l.external_id, ''), l.id::text) as lead_source_pk,
  l.lead_created_at::date as lead_date,
  date_trunc('week', l.lead_created_at)::date as week_start,
  link.person_key,
  d.driver_id,
  coalesce(d.quarantined, false) as driver_quarantined,
  coalesce(in_window.trips, 0) as trips_14d,
  date_trunc('day', l.lead_created_at) + interval '14 days' as window_end_14d
from public.module_ct_cabinet_leads l
left join canon.identity_links link
  on link.source_table = 'module_ct_cabinet_leads'
  and link.source_pk = coalesce(nullif(l.external_id, ''), l.id::text)
left join canon.v_person_driver d on d.person_key = link.person_key
cross join lateral (
  select sum(t.trips) as trips
  from canon.driver_day_trips t
  where t.driver_id = d.driver_id
    and ops.in_window(t.trip_date, l.lead_created_at::date, 14)
    and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
) in_window
where l.lead_created_at is not null
  -- Not dated after it: of "<=" with a value still unknown the planner expects a third of the leads, of this two thirds,
  -- and with so many it hashes the claims instead of looking each one up.
  and (l.lead_created_at::date > (select coalesce(ops.as_of(), 'infinity'))) is not true;

comment on view ops.v_cabinet_lead_resolution is 'Each lead with its person, its driver and the trips of its 14 days.';
comment on column ops.v_cabinet_lead_resolution.lead_source_pk is 'external_id, an empty one counting as none; else the id.';
comment on column ops.v_cabinet_lead_resolution.trips_14d is 'Trips on lead_date and the 13 days after it.';
comment on column ops.v_cabinet_lead_resolution.window_end_14d is 'First moment after the window.';
