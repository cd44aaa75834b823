-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_ok_incomplete(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.limbo_stage = 'OK'
      and (c.trips_14d > 0 and c.has_claim_m1 and (c.trips_14d < 5 or c.has_claim_m5) and (c.trips_14d < 25 or c.has_claim_m25)) is not true
    then format('OK con %s viajes y sin el reclamo de algún hito alcanzado', c.trips_14d)
  end;

comment on function ops.check_cabinet_limbo_ok_incomplete is 'OK has trips and the claim of each milestone that was reached.';
