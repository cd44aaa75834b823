-- grain: one row per lead with a date
-- requires: ops.v_cabinet_lead_stages, ops.v_cabinet_prices
-- Limbo without its sentences: what ops.mv_cabinet_limbo keeps and what ops.v_cabinet_leads_limbo shows as of now, said once.
-- The stage and the derived claims are those of ops.v_cabinet_lead_stages. Prices are left joins although there is always
-- one: the planner cannot know, and would expect no lead at all.
create or replace view ops.v_cabinet_limbo_standing as
with price as materialized (
  select milestone, in_force, amount from ops.v_cabinet_prices
), generated as (
  select
    person_key, lead_date,
    bool_or(milestone = 1) as m1, bool_or(milestone = 5) as m5, bool_or(milestone = 25) as m25
  from canon.claims_yango_cabinet_14d
  group by person_key, lead_date
)
select
  s.lead_id,
  s.lead_source_pk,
  s.lead_date,
  s.week_start,
  l.park_phone,
  l.asset_plate_number,
  concat(l.first_name, ' ', l.middle_name, ' ', l.last_name) as lead_name,
  s.person_key,
  s.driver_id,
  s.driver_quarantined,
  s.trips_14d,
  s.window_end_14d,
  s.trips_14d >= 1 as reached_m1_14d,
  s.trips_14d >= 5 as reached_m5_14d,
  s.trips_14d >= 25 as reached_m25_14d,
  (case when s.trips_14d >= 1 then p1.amount else 0 end + case when s.trips_14d >= 5 then p5.amount else 0 end
    + case when s.trips_14d >= 25 then p25.amount else 0 end)::numeric(12, 2) as expected_amount_14d,
  s.has_claim_m1,
  s.has_claim_m5,
  s.has_claim_m25,
  s.first_missing_claim,
  s.limbo_stage,
  coalesce(generated.m1, false) as has_generated_claim_m1,
  coalesce(generated.m5, false) as has_generated_claim_m5,
  coalesce(generated.m25, false) as has_generated_claim_m25
from ops.v_cabinet_lead_stages s
join public.module_ct_cabinet_leads l on l.id = s.lead_id
left join price p1 on p1.milestone = 1 and multirange_contains_elem(p1.in_force, s.lead_date)
left join price p5 on p5.milestone = 5 and multirange_contains_elem(p5.in_force, s.lead_date)
left join price p25 on p25.milestone = 25 and multirange_contains_elem(p25.in_force, s.lead_date)
left join generated on generated.person_key = s.person_key and generated.lead_date = s.lead_date;

comment on view ops.v_cabinet_limbo_standing is 'Every lead with its stage, its claims and what it is worth, as of now.';
