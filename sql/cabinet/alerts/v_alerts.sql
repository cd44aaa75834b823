-- grain: one row per alert
-- requires: none
create or replace view ops.v_alerts as
select
  a.alert_id, a.type, a.subject, a.status, a.severity, a.message, r.cause, r.action, a.value, a.threshold, r.version as rule_version, a.details,
  a.opened_as_of, a.last_as_of, to_char(a.opened_as_of, 'IYYY-"W"IW') as week_label,
  a.opened_at, a.updated_at, a.acknowledged_at, a.acknowledged_by, a.resolved_as_of, a.resolved_at, a.job_run_id
from ops.alerts a
join ops.alert_rules r on r.alert_rule_id = a.alert_rule_id;

comment on view ops.v_alerts is 'The alerts as people read them: with cause and action of the threshold they were last judged by.';
comment on column ops.v_alerts.week_label is 'ISO week of the business date on which it was opened, e.g. 2026-W03.';
