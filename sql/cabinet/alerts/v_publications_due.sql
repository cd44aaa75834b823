-- grain: one row per publication that has not been sent
-- requires: none
-- Everything the message says comes from the history and the version of the threshold, which never change.
create or replace view ops.v_publications_due as
select
  p.publication_id, p.event, format('alert-%s-%s', h.alert_id, h.history_id) as dedup_key,
  h.alert_id, a.type, a.subject, h.severity, h.value, h.threshold, h.as_of, h.details,
  r.comparison, r.measure, r.version as rule_version, r.cause, r.action,
  a.opened_as_of, j.run_id, runs.pipeline
from ops.alert_publications p
join ops.alert_history h on h.history_id = p.history_id
join ops.alerts a on a.alert_id = h.alert_id
join ops.alert_rules r on r.alert_rule_id = h.alert_rule_id
join ops.job_runs j on j.job_run_id = h.job_run_id
join ops.runs on runs.run_id = j.run_id
where p.sent_at is null;

comment on view ops.v_publications_due is 'What people have still to be told of alerts, with all that the message says.';
comment on column ops.v_publications_due.dedup_key is 'The same however often it is sent.';
