-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_trips_no_claim_unfounded(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.limbo_stage = 'TRIPS_NO_CLAIM'
      and (c.driver_id is null or c.trips_14d = 0 or c.has_claim_m1 and c.has_claim_m5 and c.has_claim_m25)
    then 'TRIPS_NO_CLAIM sin conductor, sin viajes o con los tres reclamos'
  end;

comment on function ops.check_cabinet_limbo_trips_no_claim_unfounded is 'L2: TRIPS_NO_CLAIM has a driver and trips, and lacks a claim.';
