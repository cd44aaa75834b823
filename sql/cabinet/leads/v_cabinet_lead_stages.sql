-- grain: one row per lead with a date
-- requires: ops.v_cabinet_lead_resolution, ops.v_payment_calculation, canon.cabinet_milestones
-- A claim is derived here: an achieved partner row of the lead's driver and milestone, whatever the lead it was achieved for.
create or replace view ops.v_cabinet_lead_stages as
with derived as (
  select driver_id, array_agg(distinct milestone_trips) as milestones
  from ops.v_payment_calculation
  where origin_tag = 'cabinet' and rule_scope = 'partner' and milestone_achieved and achieved_date <= lead_date + 14
  group by driver_id
)
select
  r.lead_id, r.lead_source_pk, r.lead_date, r.week_start, r.person_key, r.driver_id,
  case
    when r.person_key is null then 'NO_IDENTITY'
    when r.driver_id is null then 'NO_DRIVER'
    when r.trips_14d = 0 then 'NO_TRIPS_14D'
    when exists (
      select from canon.cabinet_milestones m
      where r.trips_14d >= m.milestone and m.milestone <> all(coalesce(d.milestones, '{}'))
    ) then 'TRIPS_NO_CLAIM'
    else 'OK'
  end as limbo_stage
from ops.v_cabinet_lead_resolution r
left join derived d on d.driver_id = r.driver_id;

comment on view ops.v_cabinet_lead_stages is
  'Where each lead stands: NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM, OK. All but OK and NO_TRIPS_14D are limbo that a job can act on.';
