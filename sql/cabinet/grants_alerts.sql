-- grain: none; who may do what with alerts, their thresholds and the daily figures
-- requires: ops.v_cabinet_metrics, ops.v_job_failures, ops.v_metric_snapshots, ops.v_alert_rules_in_force, ops.v_alerts, ops.passes, ops.acknowledge_alert, ops.change_alert_rule
revoke execute on function ops.acknowledge_alert, ops.change_alert_rule from public;
grant execute on function ops.acknowledge_alert, ops.change_alert_rule to cuadre_operator;

grant select on
  ops.v_cabinet_metrics, ops.v_job_failures, ops.v_metric_snapshots, ops.v_alert_rules_in_force,
  ops.metric_snapshots, ops.alert_rules, ops.alerts, ops.v_alerts, ops.alert_history
to cuadre_jobs;
-- A job opens, updates and resolves; that somebody has seen an alert only that person can say.
grant insert on ops.metric_snapshots to cuadre_jobs;
grant insert (type, subject, severity, alert_rule_id, value, threshold, message, details, opened_as_of, last_as_of, job_run_id),
  update (status, severity, alert_rule_id, value, threshold, message, details, last_as_of, resolved_as_of, resolved_at, job_run_id)
on ops.alerts to cuadre_jobs;

grant select on
  ops.v_metric_snapshots, ops.v_alert_rules_in_force, ops.metric_snapshots, ops.alert_rules, ops.alerts, ops.v_alerts, ops.alert_history
to cuadre_reader, cuadre_operator;
