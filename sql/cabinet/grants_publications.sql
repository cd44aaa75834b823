-- grain: none; who may do what with the publication of alerts and the probes of its path
-- requires: ops.v_publications_due, ops.v_alert_path, ops.v_raw_data_age, ops.v_identity_gap, ops.v_paid_cause_shares, ops.cabinet_scout_coverage
revoke execute on function ops.cabinet_scout_coverage from public;
grant execute on function ops.cabinet_scout_coverage to cuadre_jobs;

-- What has to be told is written by the alerts themselves; a job says that it was, and whether a probe arrived.
grant select on ops.alert_publications, ops.alert_probes, ops.v_publications_due, ops.v_alert_path to cuadre_jobs;
grant update (sent_at, message_id) on ops.alert_publications to cuadre_jobs;
grant insert (job_run_id), update (sent_at, message_id, arrived_at) on ops.alert_probes to cuadre_jobs;

grant select on ops.alert_publications, ops.alert_probes, ops.v_raw_data_age, ops.v_identity_gap, ops.v_paid_cause_shares, ops.v_alert_path
to cuadre_reader, cuadre_operator;
