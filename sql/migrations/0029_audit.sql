-- The audit trail: what is history can only be added to, and each day's additions are sealed. docs/audit.md.

-- The transaction that wrote an entry, or ended it. Seals go by it and not by a time: a transaction that commits late has a
-- late one, whatever its clock said. Existing rows have this migration's.
alter table ops.operator_actions add column xact_id bigint not null default txid_current();
alter table ops.decisions add column xact_id bigint not null default txid_current();
alter table ops.attempts add column xact_id bigint not null default txid_current();
alter table ops.check_thresholds add column xact_id bigint not null default txid_current();
alter table ops.check_values add column xact_id bigint not null default txid_current();
alter table ops.metric_snapshots add column xact_id bigint not null default txid_current();
alter table ops.alert_history add column xact_id bigint not null default txid_current();
alter table ops.uploads add column xact_id bigint not null default txid_current();
alter table ops.yango_payment_status_ledger add column xact_id bigint not null default txid_current();
alter table ops.schema_migrations add column xact_id bigint not null default txid_current();
alter table canon.milestone_achievements add column xact_id bigint not null default txid_current();
alter table canon.claim_status_history add column xact_id bigint not null default txid_current();
alter table canon.identity_link_undos add column xact_id bigint not null default txid_current();

-- A million a night where there are a million leads: what is new is found without reading what is old. Rows lie in the order
-- of their transactions, so that a range of pages is all that has to be noted: 24 kB for a million, and nothing per row.
create index decisions_by_transaction on ops.decisions using brin (xact_id) with (autosummarize = on);
create index check_values_by_transaction on ops.check_values using brin (xact_id) with (autosummarize = on);
create index metric_snapshots_by_transaction on ops.metric_snapshots using brin (xact_id) with (autosummarize = on);
create index payment_states_by_transaction on ops.yango_payment_status_ledger using brin (xact_id) with (autosummarize = on);
create index achievements_by_transaction on canon.milestone_achievements using brin (xact_id) with (autosummarize = on);
create index claim_history_by_transaction on canon.claim_status_history using brin (xact_id) with (autosummarize = on);

create table ops.recorded_states (
  state_id bigint generated always as identity primary key,
  source text collate "C" not null,
  key text collate "C" not null,
  change text not null check (change in ('found', 'added', 'changed', 'removed', 'closed')),
  state jsonb not null,
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text not null default coalesce(nullif(current_setting('role'), 'none'), session_user),
  xact_id bigint not null default txid_current()
);

create index recorded_states_by_transaction on ops.recorded_states using brin (xact_id) with (autosummarize = on);
create index recorded_states_of_row on ops.recorded_states (source, key, state_id desc);

comment on table ops.recorded_states is
  'One row per state of a row that may change: runs and their job runs each time that the run closed; rules, settings and schema objects at every change.';
comment on column ops.recorded_states.change is 'found: as it stood when this began to be kept. removed: the state is the last it had.';
comment on column ops.recorded_states.key is 'The primary key, as text.';

create table ops.audit_seals (
  seal_no bigint primary key check (seal_no >= 1),
  day date not null,
  sealed_at timestamptz not null,
  entries bigint not null check (entries >= 1),
  snapshot txid_snapshot,
  previous_digest bytea not null check (length(previous_digest) = 32),
  entries_digest bytea not null check (length(entries_digest) = 32),
  digest bytea not null unique check (length(digest) = 32),
  code_version text not null
);

comment on table ops.audit_seals is 'One row per seal: a digest over its entries and the seal before it. The newest is the head, which is kept outside the database too.';
comment on column ops.audit_seals.day is 'In UTC, when it was sealed.';
comment on column ops.audit_seals.snapshot is
  'Every transaction that this one calls finished is in this seal or an earlier one; empty while there was more to seal than a seal takes.';

create table ops.audit_sealed_entries (
  source text collate "C" not null,
  key text collate "C" not null,
  seal_no bigint not null,
  digest bytea not null,
  primary key (source, key)
);

create index audit_sealed_entries_of_seal on ops.audit_sealed_entries using brin (seal_no) with (autosummarize = on);

comment on table ops.audit_sealed_entries is 'One row per sealed entry: in which seal, and the SHA-256 of what it said. It is what a verification can name.';

create table ops.audit_verifications (
  verification_id bigint generated always as identity primary key,
  verified_at timestamptz not null default clock_timestamp(),
  head bytea,
  anchor bytea,
  seals bigint not null check (seals >= 0),
  entries bigint not null check (entries >= 0),
  findings bigint not null check (findings >= 0),
  examples jsonb not null,
  duration_ms integer not null check (duration_ms >= 0),
  code_version text not null,
  xact_id bigint not null default txid_current()
);

comment on table ops.audit_verifications is 'One row per verification of the whole trail: how much it walked, and what it found.';
comment on column ops.audit_verifications.anchor is 'The head that was given from outside the database, when one was.';

-- One for all that is history from its first moment on.
create function ops.keep_history() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.% is append-only: it is history, and can be neither changed nor deleted', tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

create trigger history before update or delete or truncate on ops.decisions for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on ops.recorded_states for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on ops.audit_seals for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on ops.audit_sealed_entries for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on ops.audit_verifications for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on canon.claim_status_history for each statement execute function ops.keep_history();
create trigger history before update or delete or truncate on canon.identity_link_undos for each statement execute function ops.keep_history();
-- Their rows were kept already; all of them at once were not.
create trigger history before truncate on ops.check_values for each statement execute function ops.keep_history();
create trigger history before truncate on ops.check_thresholds for each statement execute function ops.keep_history();
create trigger history before truncate on ops.metric_snapshots for each statement execute function ops.keep_history();
create trigger history before truncate on ops.alert_history for each statement execute function ops.keep_history();
create trigger history before truncate on ops.alert_rules for each statement execute function ops.keep_history();
create trigger history before truncate on ops.alerts for each statement execute function ops.keep_history();
create trigger history before truncate on ops.partner_payment_rules for each statement execute function ops.keep_history();
create trigger history before truncate on ops.scout_payment_rules for each statement execute function ops.keep_history();
create trigger history before truncate on canon.cabinet_milestones for each statement execute function ops.keep_history();
create trigger history before truncate on ops.runs for each statement execute function ops.keep_history();
create trigger history before truncate on ops.job_runs for each statement execute function ops.keep_history();
create trigger history before truncate on ops.attempts for each statement execute function ops.keep_history();

-- An attempt changes once: when it ends.
create function ops.keep_attempt() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and old.status = 'running' then
    new.xact_id := txid_current();
    return new;
  end if;
  raise exception 'attempt % of job run % is history: it can be neither changed nor deleted', old.attempt, old.job_run_id
    using errcode = 'restrict_violation';
end
$$;

create trigger keep_ended before update or delete on ops.attempts for each row execute function ops.keep_attempt();

-- A settled job run changes in one way: what failed or was skipped is queued again. What was skipped may also go, for nobody
-- ever took it up.
create function ops.keep_settled_job_run() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and old.status in ('failed', 'skipped')
     -- A job of shards is under way again with those of them that are queued.
     and (new.status = 'queued' or new.status = 'running' and new.shards is not null)
     and (new.job_run_id, new.run_id, new.job, new.shard) = (old.job_run_id, old.run_id, old.job, old.shard) then
    return new;
  end if;
  if tg_op = 'DELETE' and old.status = 'skipped' then
    return old;
  end if;
  raise exception 'job run % has %: what it did and said of itself stays', old.job_run_id, old.status
    using errcode = 'restrict_violation', hint = 'A failed run is taken up again by POST /api/v1/runs/{run_id}/retry.';
end
$$;

create trigger keep_settled before update on ops.job_runs
  for each row when (old.finished_at is not null) execute function ops.keep_settled_job_run();
create trigger keep_rows before delete on ops.job_runs for each row execute function ops.keep_settled_job_run();

create function ops.keep_closed_run() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcome constant text[] := array['status', 'error', 'finished_at'];
begin
  if tg_op = 'UPDATE' and old.status = 'failed' and new.status = 'running'
     and to_jsonb(new) - v_outcome = to_jsonb(old) - v_outcome then
    return new;
  end if;
  raise exception 'run % is over: how it ended stays', old.run_id
    using errcode = 'restrict_violation', hint = 'A failed run is taken up again by POST /api/v1/runs/{run_id}/retry.';
end
$$;

create trigger keep_closed before update on ops.runs
  for each row when (old.finished_at is not null) execute function ops.keep_closed_run();
create trigger keep_rows before delete on ops.runs for each row execute function ops.keep_closed_run();

-- At the end of the transaction, when who did it has had the chance to say so.
create function ops.demand_action() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from ops.operator_actions a where a.xact_id = txid_current() and (a.run_id = new.run_id or a.run_id is null)
  ) then
    raise exception 'run % was over and is taken up again without a row in ops.operator_actions that says who did it, and why', new.run_id
      using errcode = 'restrict_violation';
  end if;
  return null;
end
$$;

create constraint trigger reopened_by_somebody after update on ops.runs deferrable initially deferred
  for each row when (old.finished_at is not null and new.finished_at is null) execute function ops.demand_action();

-- What is put into jsonb must not depend on the zone of whoever did it.
create function ops.record_closing() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  insert into ops.recorded_states (source, key, change, state)
  select 'ops.runs', r.run_id::text, 'closed', to_jsonb(r) from ops.runs r where r.run_id = new.run_id and r.finished_at is not null
  union all
  select 'ops.job_runs', j.job_run_id::text, 'closed', to_jsonb(j)
  from ops.runs r join ops.job_runs j on j.run_id = r.run_id
  where r.run_id = new.run_id and r.finished_at is not null
  order by 1 desc, 2;
  return null;
end
$$;

-- At the end of the transaction: whatever is said of the run and its jobs in it is said by then.
create constraint trigger record_closing after update on ops.runs deferrable initially deferred
  for each row when (old.finished_at is null and new.finished_at is not null) execute function ops.record_closing();

create function ops.record_state() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_state constant jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  if tg_op = 'UPDATE' and to_jsonb(new) = to_jsonb(old) then
    return null;
  end if;
  -- A skipped job run that goes before its run was ever closed has no state that anybody would miss.
  if tg_relid = 'ops.job_runs'::regclass
     and not exists (select from ops.recorded_states s where s.source = 'ops.job_runs' and s.key = v_state ->> tg_argv[0]) then
    return null;
  end if;
  insert into ops.recorded_states (source, key, change, state)
  values (
    format('%s.%s', tg_table_schema, tg_table_name), v_state ->> tg_argv[0],
    case tg_op when 'INSERT' then 'added' when 'UPDATE' then 'changed' else 'removed' end, v_state);
  return null;
end
$$;

create trigger record_state after delete on ops.job_runs
  for each row execute function ops.record_state('job_run_id');
create trigger record_state after insert or update or delete on ops.partner_payment_rules
  for each row execute function ops.record_state('id');
create trigger record_state after insert or update or delete on ops.scout_payment_rules
  for each row execute function ops.record_state('id');
create trigger record_state after insert or update or delete on canon.cabinet_milestones
  for each row execute function ops.record_state('milestone');
create trigger record_state after insert or update or delete on ops.alert_rules
  for each row execute function ops.record_state('alert_rule_id');
create trigger record_state after insert or update or delete on ops.cabinet_settings
  for each row execute function ops.record_state('only_row');
create trigger record_state after insert or update or delete on ops.schema_objects
  for each row execute function ops.record_state('name');

set local timezone = 'UTC';
insert into ops.recorded_states (source, key, change, state)
select source, key, 'found', state
from (
  select 'ops.runs' as source, run_id::text as key, to_jsonb(r) as state from ops.runs r where finished_at is not null
  union all
  select 'ops.job_runs', job_run_id::text, to_jsonb(j) from ops.job_runs j join ops.runs r using (run_id) where r.finished_at is not null
  union all
  select 'ops.partner_payment_rules', id::text, to_jsonb(r) from ops.partner_payment_rules r
  union all
  select 'ops.scout_payment_rules', id::text, to_jsonb(r) from ops.scout_payment_rules r
  union all
  select 'canon.cabinet_milestones', milestone::text, to_jsonb(m) from canon.cabinet_milestones m
  union all
  select 'ops.alert_rules', alert_rule_id::text, to_jsonb(r) from ops.alert_rules r
  union all
  select 'ops.cabinet_settings', only_row::text, to_jsonb(s) from ops.cabinet_settings s
  union all
  select 'ops.schema_objects', name, to_jsonb(o) from ops.schema_objects o
) rows
order by source, key;
