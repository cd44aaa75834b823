-- grain: one row per entry of the audit trail: of whatever table, what it says as one canonical text
-- requires: none
-- By position and not by name, and every column named here: one that a table gains later is not in what was sealed before.
-- Moments are in UTC, so that the text is the same in every session; json as it was written. What is left out, and why, is
-- in docs/audit.md; a test holds the list. xact_id finds what is new and is no part of what an entry says.
-- recorded_at: a row that is sealed long after it counts as slipped in. Of a table that joins the trail later, rows from before have none.
create or replace view ops.v_audit_entries as
select 'ops.operator_actions' collate "C" as source, action_id::text collate "C" as key, acted_at as recorded_at, null::uuid as job_run_id, xact_id,
       jsonb_build_array(timezone('UTC', acted_at), operator, action, run_id, subject, reason, detail)::text as content
from ops.operator_actions
union all
select 'ops.decisions', decision_id::text, null, job_run_id, xact_id,
       jsonb_build_array(job_run_id, subject, decision, reason, detail, evidence)::text
from ops.decisions
union all
select 'ops.attempts', attempt_id::text, finished_at, job_run_id, xact_id,
       jsonb_build_array(job_run_id, attempt, status, caller, request_id, code_version, error, timezone('UTC', started_at), timezone('UTC', finished_at))::text
from ops.attempts
where finished_at is not null
union all
select 'ops.recorded_states', state_id::text, changed_at, null, xact_id,
       jsonb_build_array(source, key, change, state, timezone('UTC', changed_at), changed_by)::text
from ops.recorded_states
union all
select 'ops.check_thresholds', check_threshold_id::text, created_at, null, xact_id,
       jsonb_build_array(name, threshold, valid_from, reason, timezone('UTC', created_at), created_by)::text
from ops.check_thresholds
union all
select 'ops.check_values', check_value_id::text, measured_at, job_run_id, xact_id,
       jsonb_build_array(job_run_id, as_of, name, subject, level, unit, comparison, threshold, value, outcome, examples, timezone('UTC', measured_at))::text
from ops.check_values
union all
select 'ops.metric_snapshots', snapshot_id::text, measured_at, job_run_id, xact_id,
       jsonb_build_array(as_of, metric, subject, value, job_run_id, timezone('UTC', measured_at))::text
from ops.metric_snapshots
union all
select 'ops.alert_history', history_id::text, changed_at, null, xact_id,
       jsonb_build_array(alert_id, event, status, severity, alert_rule_id, value, threshold, as_of, details, job_run_id, timezone('UTC', changed_at), changed_by)::text
from ops.alert_history
union all
select 'ops.uploads', upload_id::text, uploaded_at, null, xact_id,
       jsonb_build_array(dataset, channel, uploaded_by, timezone('UTC', uploaded_at), file_name, bytes, sha256, columns, total_rows, inserted, ignored, different,
                         rejected, first_date, last_date, oldest_created_at, job_run_id)::text
from ops.uploads
union all
select 'ops.yango_payment_status_ledger', id::text, created_at, job_run_id, xact_id,
       jsonb_build_array(timezone('UTC', snapshot_at), source_table, source_pk, pay_date, pay_time, raw_driver_name, driver_name_normalized, milestone_type,
                         milestone_value, is_paid, driver_id, person_key, match_rule, match_confidence, revision, state_hash, job_run_id,
                         timezone('UTC', created_at))::text
from ops.yango_payment_status_ledger
union all
select 'ops.schema_migrations', number::text, applied_at, null, xact_id,
       jsonb_build_array(name, checksum, breaking, timezone('UTC', applied_at))::text
from ops.schema_migrations
union all
select 'ops.audit_verifications', verification_id::text, verified_at, null, xact_id,
       jsonb_build_array(timezone('UTC', verified_at), encode(head, 'hex'), encode(anchor, 'hex'), seals, entries, findings, examples, duration_ms, code_version)::text
from ops.audit_verifications
union all
select 'canon.milestone_achievements', achievement_id::text, recorded_at, job_run_id, xact_id,
       jsonb_build_array(driver_id, milestone_value, person_key, lead_date, achieved_date, achieved_trips_in_window, rule_scope, rule_id, window_days,
                         expected_amount, currency, rule_valid_from, rule_valid_to, trip_days, seen_as_of, job_run_id, timezone('UTC', recorded_at))::text
from canon.milestone_achievements
union all
select 'canon.claim_status_history', history_id::text, changed_at, null, xact_id,
       jsonb_build_array(claim_id, from_status, to_status, timezone('UTC', changed_at), changed_by)::text
from canon.claim_status_history
union all
-- What never changes of a claim; its statuses are in the history. As old as the first of those, which is written with it.
select 'canon.claims_yango_cabinet_14d', c.claim_id::text, h.changed_at, c.job_run_id, h.xact_id,
       jsonb_build_array(c.person_key, c.driver_id, c.lead_source_pk, c.lead_date, c.milestone, c.amount_expected, c.rule_id, c.job_run_id,
                         timezone('UTC', c.created_at))::text
from canon.claim_status_history h
join canon.claims_yango_cabinet_14d c on c.claim_id = h.claim_id
where h.from_status is null
union all
select 'canon.identity_link_undos', undo_id::text, undone_at, null, xact_id,
       jsonb_build_array(source_table, source_pk, person_key, link, timezone('UTC', undone_at), undone_by, reason)::text
from canon.identity_link_undos;

comment on view ops.v_audit_entries is 'One row per entry of the audit trail, with the canonical text that is sealed.';
