-- grain: one row per scout, and one for everyone, by week, source of the scout, milestones reached and amount due
-- requires: ops.mv_yango_cabinet_cobranza_enriched_14d
-- The drivers' standing added up as far as every filter of the screens can still tell apart: a page's totals, the weekly
-- figures and the scouts' are sums over some thousand of these rows instead of a million of those. Refreshed after the view
-- that it reads, in the same transaction; ops.cabinet_cobranza_totals_current() says whether it was.
create materialized view ops.mv_cabinet_cobranza_totals as
select
  grouping(scout_id) = 1 as everyone, coalesce(scout_id, 0) as scout_id, week_start, scout_quality_bucket,
  reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango,
  count(*) as drivers,
  count(*) filter (where expected_total_yango > 0) as drivers_with_expected,
  count(scout_id) as drivers_with_scout,
  count(*) filter (where scout_id is null and person_key is null) as drivers_without_identity,
  sum(expected_total_yango) as expected_total_yango,
  sum(total_paid_yango) as total_paid_yango,
  sum(amount_overpaid) as amount_overpaid
from ops.mv_yango_cabinet_cobranza_enriched_14d
group by
  grouping sets ((scout_id), ()),
  week_start, scout_quality_bucket, reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango
having scout_id is not null or grouping(scout_id) = 1
with no data;

create unique index mv_cabinet_cobranza_totals_unique on ops.mv_cabinet_cobranza_totals (
  everyone, scout_id, week_start, scout_quality_bucket, reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango);

comment on materialized view ops.mv_cabinet_cobranza_totals is
  'Counts and amounts (soles) of ops.mv_yango_cabinet_cobranza_enriched_14d by everything that the collection screens filter by.';
comment on column ops.mv_cabinet_cobranza_totals.everyone is 'All drivers, with a scout or without; scout_id is 0 then. Otherwise those of the scout, who are among everyone as well.';
comment on column ops.mv_cabinet_cobranza_totals.drivers_without_identity is 'Without scout and without person.';
