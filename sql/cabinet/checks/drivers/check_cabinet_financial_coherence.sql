-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_financial_coherence(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case
    when c.reached_m25_14d and not (c.reached_m5_14d and c.reached_m1_14d) or c.reached_m5_14d and not c.reached_m1_14d
    then format('%s viajes y un hito mayor alcanzado sin el menor', c.total_trips_14d)
  end;

comment on function ops.check_cabinet_financial_coherence is 'Whoever reached a milestone reached the lower ones: no M5 without M1, no M25 without M5.';
