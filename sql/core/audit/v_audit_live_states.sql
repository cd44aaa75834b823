-- grain: one row per row whose states are recorded, as it stands
-- requires: none
-- open: of a run under way, which may change until it closes. The zone is the reader's: compare in UTC.
create or replace view ops.v_audit_live_states as
select 'ops.runs' collate "C" as source, run_id::text collate "C" as key, run_id, status = 'running' as open, to_jsonb(r) as state from ops.runs r
union all
select 'ops.job_runs', j.job_run_id::text, j.run_id, r.status = 'running', to_jsonb(j) from ops.job_runs j join ops.runs r on r.run_id = j.run_id
union all
select 'ops.partner_payment_rules', id::text, null, false, to_jsonb(r) from ops.partner_payment_rules r
union all
select 'ops.scout_payment_rules', id::text, null, false, to_jsonb(r) from ops.scout_payment_rules r
union all
select 'canon.cabinet_milestones', milestone::text, null, false, to_jsonb(m) from canon.cabinet_milestones m
union all
select 'ops.alert_rules', alert_rule_id::text, null, false, to_jsonb(r) from ops.alert_rules r
union all
select 'ops.cabinet_settings', only_row::text, null, false, to_jsonb(s) from ops.cabinet_settings s
union all
select 'ops.schema_objects', name, null, false, to_jsonb(o) from ops.schema_objects o;

comment on view ops.v_audit_live_states is 'The rows that ops.recorded_states follows, as they are now: of those not open, the last recorded state must be this one.';
