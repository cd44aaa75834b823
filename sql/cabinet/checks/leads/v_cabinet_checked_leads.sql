-- grain: one row per lead with a date
-- requires: ops.v_cabinet_leads_limbo, ops.v_cabinet_claims_expected_14d, ops.as_of, ops.today
-- What the checks of single leads are asked of, all in one pass: limbo as people see it, and beside it what is expected of
-- the same lead. Every dated lead of the source is here, whether limbo shows it or not.
create or replace view ops.v_cabinet_checked_leads as
select
  format('lead:%s', l.id) as subject,
  s.expected_amount_14d as amount,
  l.id as lead_id,
  s.lead_id is not null as in_limbo,
  s.lead_source_pk,
  s.lead_date,
  s.week_start,
  s.person_key,
  s.driver_id,
  s.trips_14d,
  s.has_claim_m1,
  s.has_claim_m5,
  s.has_claim_m25,
  s.limbo_stage,
  count(*) over (partition by s.lead_source_pk) as same_source_pk,
  coalesce(e.milestones, 0) as milestones,
  coalesce(e.distinct_milestones, 0) as distinct_milestones,
  (select count(*) from canon.cabinet_milestones) as all_milestones,
  s.week_start > (select date_trunc('week', ops.today())::date - 56) as recent,
  e.fewest_trips,
  e.most_trips
from public.module_ct_cabinet_leads l
left join ops.v_cabinet_leads_limbo s on s.lead_id = l.id
left join (
  select lead_id, count(*) as milestones, count(distinct milestone) as distinct_milestones,
         min(trips_in_window) as fewest_trips, max(trips_in_window) as most_trips
  from ops.v_cabinet_claims_expected_14d
  group by lead_id
) e on e.lead_id = l.id
where l.lead_created_at is not null
  and (l.lead_created_at::date > (select coalesce(ops.as_of(), 'infinity'))) is not true;

comment on view ops.v_cabinet_checked_leads is 'Each dated lead with its row of limbo and what is expected of it: what the checks of leads look at.';
