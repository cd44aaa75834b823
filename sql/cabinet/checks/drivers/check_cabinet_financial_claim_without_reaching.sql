-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_financial_claim_without_reaching(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case
    when c.claim_m1_exists and not c.reached_m1_14d or c.claim_m5_exists and not c.reached_m5_14d or c.claim_m25_exists and not c.reached_m25_14d
    then format('hay un reclamo de un hito que %s viajes no alcanzan', c.total_trips_14d)
  end;

comment on function ops.check_cabinet_financial_claim_without_reaching is 'A derived claim is of a milestone that the driver reached.';
