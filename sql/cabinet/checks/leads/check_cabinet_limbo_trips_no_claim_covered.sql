-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
-- Stronger than L2, which a lead of one trip with its one claim passes.
create or replace function ops.check_cabinet_limbo_trips_no_claim_covered(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.limbo_stage = 'TRIPS_NO_CLAIM'
      and (c.trips_14d >= 1 and not c.has_claim_m1 or c.trips_14d >= 5 and not c.has_claim_m5 or c.trips_14d >= 25 and not c.has_claim_m25) is not true
    then format('TRIPS_NO_CLAIM con %s viajes y el reclamo de cada hito alcanzado', c.trips_14d)
  end;

comment on function ops.check_cabinet_limbo_trips_no_claim_covered is 'TRIPS_NO_CLAIM lacks the claim of a milestone that was reached.';
