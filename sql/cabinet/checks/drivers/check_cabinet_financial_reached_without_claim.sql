-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_financial_reached_without_claim(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case
    when c.reached_m1_14d and not c.claim_m1_exists or c.reached_m5_14d and not c.claim_m5_exists or c.reached_m25_14d and not c.claim_m25_exists
    then format('%s viajes y falta el reclamo de un hito alcanzado', c.total_trips_14d)
  end;

comment on function ops.check_cabinet_financial_reached_without_claim is 'Drivers who reached a milestone that has no derived claim.';
