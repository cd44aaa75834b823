-- grain: one row per scout, week and quality, each or all of it, by milestones reached and amount due
-- requires: ops.mv_yango_cabinet_cobranza_enriched_14d
-- The drivers' standing added up by everything that the screens filter by, so that a figure over a million drivers is a
-- sum of a few dozen rows; that is why there is a row for all of a kind beside the rows for each. Refreshed after the view
-- that it reads, in the same transaction; ops.cabinet_cobranza_totals_current() says whether it was.
create materialized view ops.mv_cabinet_cobranza_totals as
select
  grouping(scout_id) = 0 as of_scout, coalesce(scout_id, 0) as scout_id,
  grouping(week_start) = 0 as of_week, coalesce(week_start, '-infinity') as week_start,
  grouping(scout_quality_bucket) = 0 as of_quality, coalesce(scout_quality_bucket, '') as scout_quality_bucket,
  reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango,
  count(*) as drivers,
  count(*) filter (where expected_total_yango > 0) as drivers_with_expected,
  count(scout_id) as drivers_with_scout,
  count(*) filter (where scout_id is null and person_key is null) as drivers_without_identity,
  sum(expected_total_yango) as expected_total_yango,
  sum(total_paid_yango) as total_paid_yango,
  sum(amount_overpaid) as amount_overpaid
from ops.mv_yango_cabinet_cobranza_enriched_14d
group by cube (scout_id, week_start, scout_quality_bucket), reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango
having scout_id is not null or grouping(scout_id) = 1
with no data;

create unique index mv_cabinet_cobranza_totals_unique on ops.mv_cabinet_cobranza_totals (
  of_scout, scout_id, of_week, of_quality, week_start, scout_quality_bucket,
  reached_m1_14d, reached_m5_14d, reached_m25_14d, amount_due_yango);

comment on materialized view ops.mv_cabinet_cobranza_totals is
  'Counts and amounts (soles) of ops.mv_yango_cabinet_cobranza_enriched_14d by everything that the collection screens filter by.';
comment on column ops.mv_cabinet_cobranza_totals.of_scout is
  'Of the scout in scout_id; otherwise of all drivers, with a scout or without. Likewise of_week and of_quality: never add up rows that differ in these.';
comment on column ops.mv_cabinet_cobranza_totals.drivers_without_identity is 'Without scout and without person.';
