-- grain: one row, how many of the last probes of the alert path did not arrive
-- requires: none
-- Every probe since the newest that arrived; within a quarter of an hour one may still be under way.
create or replace view ops.v_alert_path as
select count(*) as missing
from ops.alert_probes p
where p.arrived_at is null
  and p.created_at < clock_timestamp() - interval '15 minutes'
  and p.probe_id > coalesce((select max(probe_id) from ops.alert_probes where arrived_at is not null), 0);

comment on view ops.v_alert_path is 'Whether messages of the alert path arrive: 0 when the last one did, or when there was none.';
