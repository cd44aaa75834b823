-- grain: one row per alert type with a version in force on the business date
-- requires: ops.today
create or replace view ops.v_alert_rules_in_force as
select alert_rule_id, type, version, enabled, metric, measure, comparison, threshold, severity, escalated_severity, escalated_threshold,
       persistent_days, window_runs, cause, action
from ops.alert_rules
where valid_from <= ops.today() and (valid_to is null or ops.today() < valid_to);

comment on view ops.v_alert_rules_in_force is 'The thresholds that alerts are judged by on the business date; outside a job, today.';
