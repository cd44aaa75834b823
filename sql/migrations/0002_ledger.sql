-- The ledger: what ran, on whose word, with what input, what it decided, and what it sent.
-- History is never updated away: an attempt, an input, a decision or a counter stays once written.
-- Writers go through the functions in sql/core (security definer): no role but the owner may update these tables.

create table ops.runs (
  run_id uuid primary key default gen_random_uuid(),
  pipeline text not null,
  kind text not null check (kind in ('pipeline', 'job')),
  as_of date not null,
  dry_run boolean not null,
  inline boolean not null,
  trigger_kind text not null check (trigger_kind in ('schedule', 'invoke', 'api', 'cli')),
  trigger_key text not null unique,
  trigger jsonb not null,
  request_digest text not null,
  input jsonb not null,
  graph jsonb not null,
  status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  findings integer not null default 0 check (findings >= 0),
  error jsonb,
  code_version text not null,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  check ((status = 'running') = (finished_at is null)),
  check ((status = 'failed') = (error is not null))
);

-- A dry run changes nothing, so it neither blocks nor is blocked.
create unique index runs_one_active on ops.runs (pipeline, as_of) where status = 'running' and not dry_run;
create index runs_newest_first on ops.runs (created_at desc, run_id);

comment on table ops.runs is 'One row per execution of a pipeline or of one job.';
comment on column ops.runs.as_of is 'Business date in the pipeline''s zone, resolved once when the run is created.';
comment on column ops.runs.inline is 'The caller does the work itself and waits for it: nothing travels through queues.';
comment on column ops.runs.trigger_key is 'What makes a trigger happen once: schedule ARN and scheduled time, request id, or idempotency key.';
comment on column ops.runs.request_digest is 'SHA-256 of what was asked; the same key with another digest is refused.';
comment on column ops.runs.graph is 'The jobs with what each comes after, as the pipeline stood when the run began.';
comment on column ops.runs.findings is 'Failed checks and row errors: results, not failures.';

create table ops.job_runs (
  job_run_id uuid primary key default gen_random_uuid(),
  run_id uuid not null references ops.runs,
  job text not null,
  shard integer not null default 0 check (shard >= 0),
  version integer not null default 1 check (version >= 1),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'skipped')),
  attempts integer not null default 0 check (attempts >= 0),
  input jsonb not null,
  checkpoint jsonb,
  counters jsonb,
  report json,
  findings integer not null default 0 check (findings >= 0),
  error jsonb,
  queued_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (run_id, job, shard),
  check ((status in ('succeeded', 'failed', 'skipped')) = (finished_at is not null)),
  check ((status in ('failed', 'skipped')) = (error is not null))
);

comment on table ops.job_runs is 'One row per job (and shard) that a run has queued: queued -> running -> succeeded | failed | skipped.';
comment on column ops.job_runs.version is 'Grows with each requeue; a message of an older version is stale and does nothing.';
comment on column ops.job_runs.counters is 'Counts of its decisions, by decision, reason and detail.';
comment on column ops.job_runs.report is 'What people read, in the order in which the job wrote it (json, not jsonb).';
comment on column ops.job_runs.checkpoint is 'Where the next chunk begins; committed together with the chunk before it.';

create table ops.attempts (
  attempt_id bigint generated always as identity primary key,
  job_run_id uuid not null references ops.job_runs,
  attempt integer not null check (attempt >= 1),
  status text not null default 'running' check (status in ('running', 'succeeded', 'yielded', 'failed', 'superseded')),
  caller text not null check (caller in ('sqs', 'inline')),
  request_id text not null,
  code_version text not null,
  error jsonb,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  unique (job_run_id, attempt),
  check ((status = 'running') = (finished_at is null))
);

create unique index attempts_one_running on ops.attempts (job_run_id) where status = 'running';

comment on table ops.attempts is 'One row per time that a worker took a job run up.';
comment on column ops.attempts.caller is 'sqs: a message brings it back when it fails; inline: a person or program waits for it.';

-- Apart from ops.attempts: the effect's transaction locks the attempt's row, and a heartbeat must not wait for it.
create table ops.heartbeats (
  job_run_id uuid primary key references ops.job_runs,
  attempt integer not null,
  beat_at timestamptz not null,
  progress jsonb
);

comment on table ops.heartbeats is 'One row per job run: the last sign of life of its newest attempt. An attempt is alive for 30 s after it.';

create table ops.decisions (
  decision_id bigint generated always as identity primary key,
  job_run_id uuid not null references ops.job_runs,
  subject text not null,
  decision text not null,
  reason text,
  detail text,
  evidence jsonb not null default '{}'
);

create index decisions_by_job_run on ops.decisions (job_run_id, decision_id);

comment on table ops.decisions is 'One row per thing that a job judged: what, the decision, its reason and the evidence.';
comment on column ops.decisions.subject is 'What was judged, as a stable key.';
comment on column ops.decisions.evidence is 'Ids, dates, counts and amounts (decimal strings); never a name or a phone.';

create table ops.outbox (
  outbox_id bigint generated always as identity primary key,
  run_id uuid not null references ops.runs,
  job text not null,
  message jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  sqs_message_id text
);

create index outbox_unsent on ops.outbox (run_id, outbox_id) where sent_at is null;

comment on table ops.outbox is 'One row per message, written in the transaction that makes it due; sent after the commit.';

create table ops.dead_letters (
  dead_letter_id bigint generated always as identity primary key,
  sqs_message_id text not null unique,
  queue text not null,
  body text not null,
  job_run_id uuid,
  reason text not null,
  detail text not null,
  received_at timestamptz not null default clock_timestamp()
);

comment on table ops.dead_letters is 'One row per message that its queue gave up: kept whole, with why.';
