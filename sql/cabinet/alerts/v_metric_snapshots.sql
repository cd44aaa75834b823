-- grain: one row per as-of date, metric and subject: the value found last
-- requires: none
create or replace view ops.v_metric_snapshots as
select distinct on (as_of, metric, subject) as_of, metric, subject, value, job_run_id, measured_at
from ops.metric_snapshots
order by as_of, metric, subject, snapshot_id desc;

comment on view ops.v_metric_snapshots is 'The daily figures; the earlier values of a date that was run again are in ops.metric_snapshots.';
