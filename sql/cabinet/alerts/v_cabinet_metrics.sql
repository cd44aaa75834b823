-- grain: one row per metric and subject, on the business date
-- requires: ops.today, ops.v_cabinet_leads_limbo, ops.v_cabinet_claims_gap_14d, ops.v_mv_health, ops.v_job_failures, ops.v_raw_data_age, ops.v_identity_gap, ops.cabinet_scout_coverage, ops.v_paid_cause_shares, ops.v_alert_path
-- Leads and gaps are read once each: both are worked out from trips, which is where the time goes.
create or replace view ops.v_cabinet_metrics as
with day as materialized (
  select ops.today() as today, ops.today() - 21 as recent, date_trunc('week', ops.today())::date - 7 as last_week
), leads as (
  select
    count(*) as total,
    count(*) filter (where limbo_stage = 'NO_IDENTITY') as no_identity,
    count(*) filter (where limbo_stage = 'NO_DRIVER') as no_driver,
    count(*) filter (where limbo_stage = 'NO_TRIPS_14D') as no_trips,
    count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM') as trips_no_claim,
    count(*) filter (where limbo_stage = 'OK') as ok,
    count(*) filter (where week_start = last_week) as last_week,
    count(*) filter (where week_start = last_week and person_key is not null) as last_week_with_identity,
    count(*) filter (where week_start = last_week and driver_id is not null) as last_week_with_driver,
    count(distinct driver_id) filter (where trips_14d > 0 and lead_date >= recent) as recent_drivers
  from ops.v_cabinet_leads_limbo cross join day
), gaps as (
  select
    count(*) as open,
    count(*) filter (where lead_date >= recent) as recent,
    coalesce(sum(expected_amount) filter (where lead_date >= recent), 0) as recent_amount,
    round(avg(today - lead_date) filter (where lead_date >= recent), 2) as recent_age,
    count(distinct driver_id) filter (where lead_date >= recent) as recent_drivers
  from ops.v_cabinet_claims_gap_14d cross join day
)
select metric, 'cabinet' as subject, value
from leads l cross join gaps g
cross join lateral (values
  ('limbo_total_leads', l.total),
  ('limbo_no_identity', l.no_identity),
  ('limbo_no_driver', l.no_driver),
  ('limbo_no_trips_14d', l.no_trips),
  ('limbo_trips_no_claim', l.trips_no_claim),
  ('limbo_ok', l.ok),
  ('limbo_with_identity', l.total - l.no_identity),
  ('limbo_pct_with_identity', round(100.0 * (l.total - l.no_identity) / nullif(l.total, 0), 2)),
  ('last_week_leads', l.last_week),
  ('last_week_pct_with_identity', round(100.0 * l.last_week_with_identity / nullif(l.last_week, 0), 2)),
  ('last_week_pct_with_driver', round(100.0 * l.last_week_with_driver / nullif(l.last_week, 0), 2)),
  ('gaps_open', g.open),
  ('gaps_21d', g.recent),
  ('gaps_21d_amount', g.recent_amount),
  ('gaps_21d_average_age_days', g.recent_age),
  ('drivers_with_gap_21d_pct', round(100.0 * g.recent_drivers / nullif(l.recent_drivers, 0), 2))
) as one (metric, value)
union all
select 'mv_refresh_failures_in_a_row', schema_name || '.' || mv_name, consecutive_failures from ops.v_mv_health
union all
select 'job_failures_in_a_row', job, in_a_row from ops.v_job_failures
union all
select 'job_failures_in_window', job, in_window from ops.v_job_failures
union all
-- By business dates, so that running an old night again finds what it found: a refresh of the day before is 1440 minutes old.
select 'mv_minutes_since_refresh', schema_name || '.' || mv_name,
       1440 * case when refreshed_on > ops.today() then 0 else ops.today() - refreshed_on end
from ops.v_mv_health
cross join lateral (select coalesce(as_of, (last_ok_refresh_finished_at at time zone 'America/Lima')::date) as refreshed_on) day
union all
select format('raw_%s_age_days', source), 'cabinet', age_days from ops.v_raw_data_age
union all
select metric, 'cabinet', value
from ops.v_identity_gap
cross join lateral (values
  ('leads_without_identity_1_to_6_days', without_identity_1_to_6_days),
  ('leads_unresolved_7_days', unresolved_7_days),
  ('leads_of_another_origin', of_another_origin)
) gap (metric, value)
union all
select 'mv_pct_with_scout', 'cabinet', ops.cabinet_scout_coverage()
union all
select format('paid_cause_%s_pct', name), 'cabinet', pct from ops.v_paid_cause_shares
union all
select 'alert_probes_missing', 'cabinet', missing from ops.v_alert_path;

comment on view ops.v_cabinet_metrics is 'The figures that alerts are judged by. Amounts are soles, percentages have two decimals; empty where there is nothing to measure.';
