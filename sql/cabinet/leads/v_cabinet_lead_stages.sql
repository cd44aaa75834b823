-- grain: one row per lead with a date
-- requires: ops.v_cabinet_lead_resolution, ops.v_cabinet_achieved_milestones
-- The one place where a lead's stage is decided: the leads job selects by it, and limbo shows it with what people need
-- beside it. A claim is derived here: a milestone achieved by the lead's driver, whatever the lead it was achieved for.
create or replace view ops.v_cabinet_lead_stages as
select
  lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id,
  case
    when person_key is null then 'NO_IDENTITY'
    when driver_id is null then 'NO_DRIVER'
    when trips_14d = 0 then 'NO_TRIPS_14D'
    when first_missing_claim is not null then 'TRIPS_NO_CLAIM'
    else 'OK'
  end as limbo_stage,
  driver_quarantined, trips_14d, window_end_14d, has_claim_m1, has_claim_m5, has_claim_m25, first_missing_claim
from (
  select
    r.lead_id, r.lead_source_pk, r.lead_date, r.week_start, r.person_key, r.driver_id, r.driver_quarantined, r.trips_14d, r.window_end_14d,
    coalesce(d.m1, false) as has_claim_m1, coalesce(d.m5, false) as has_claim_m5, coalesce(d.m25, false) as has_claim_m25,
    case
      when r.trips_14d >= 1 and d.m1 is not true then 1
      when r.trips_14d >= 5 and d.m5 is not true then 5
      when r.trips_14d >= 25 and d.m25 is not true then 25
    end as first_missing_claim
  from ops.v_cabinet_lead_resolution r
  left join (
    select
      driver_id,
      bool_or(milestone_value = 1) as m1, bool_or(milestone_value = 5) as m5, bool_or(milestone_value = 25) as m25
    from ops.v_cabinet_achieved_milestones
    group by driver_id
  ) d on d.driver_id = r.driver_id
) lead;

comment on view ops.v_cabinet_lead_stages is
  'Where each lead stands: NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM, OK. All but OK and NO_TRIPS_14D are limbo that a job can act on.';
comment on column ops.v_cabinet_lead_stages.first_missing_claim is 'The lowest milestone that was reached and has no derived claim.';
