-- What a person sets going over many runs at once: failed ones taken up again, and dates run one after the other. Both
-- go on by themselves, a few at a time, and both can be stopped in the middle.

-- A run may be started by what is listed here or by what comes later: the word is for people, the key makes it happen once.
alter table ops.runs
  drop constraint if exists runs_trigger_kind_check,
  add constraint runs_trigger_kind_check check (trigger_kind ~ '^[a-z]+$');

create table ops.redrives (
  redrive_id uuid primary key default gen_random_uuid(),
  filter jsonb not null,
  rate_per_minute integer not null check (rate_per_minute >= 1),
  operator text not null check (operator <> ''),
  reason text not null check (reason <> ''),
  status text not null default 'running' check (status in ('running', 'finished', 'cancelled')),
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  check ((status = 'running') = (finished_at is null))
);

create index redrives_newest_first on ops.redrives (created_at desc, redrive_id);
create index redrives_running on ops.redrives (redrive_id) where status = 'running';

comment on table ops.redrives is 'One row per request to take failed runs up again: who, why, which, and how many a minute.';
comment on column ops.redrives.filter is 'What was asked for; the runs it found are in ops.redrive_runs.';
comment on column ops.redrives.rate_per_minute is 'Runs taken up in one minute of the clock, at most.';

create table ops.redrive_runs (
  redrive_id uuid not null references ops.redrives,
  run_id uuid not null references ops.runs,
  position integer not null check (position >= 1),
  verdict text check (verdict in ('RETRIED', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'CANCELLED')),
  other_run_id uuid,
  queued integer not null default 0 check (queued >= 0),
  settled_at timestamptz,
  primary key (redrive_id, run_id),
  check ((verdict is null) = (settled_at is null))
);

-- What waits in one redrive is not taken into another: two at once would take turns at the same runs' locks.
create unique index redrive_runs_wait_once on ops.redrive_runs (run_id) where verdict is null;

comment on table ops.redrive_runs is 'One row per run of a redrive, in the order in which they are taken up; without a verdict it waits.';
comment on column ops.redrive_runs.verdict is 'RETRIED, or why it was not: what ops.retry_run says of it, or CANCELLED with its redrive.';
comment on column ops.redrive_runs.other_run_id is 'ACTIVE: the run of its pipeline and date that was under way.';
comment on column ops.redrive_runs.queued is 'RETRIED: jobs that were queued again.';

create table ops.backfills (
  backfill_id uuid primary key default gen_random_uuid(),
  pipeline text not null,
  from_date date not null,
  to_date date not null,
  newest_first boolean not null,
  concurrency integer not null check (concurrency >= 1),
  force boolean not null,
  stop_on_failure boolean not null,
  input jsonb not null,
  graph jsonb not null,
  wake text not null,
  code_version text not null,
  operator text not null check (operator <> ''),
  reason text not null check (reason <> ''),
  status text not null default 'running' check (status in ('running', 'paused', 'finished', 'cancelled')),
  paused_because text,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  check (from_date <= to_date),
  check ((status in ('finished', 'cancelled')) = (finished_at is not null)),
  check ((status = 'paused') = (paused_because is not null))
);

create index backfills_newest_first on ops.backfills (created_at desc, backfill_id);
create index backfills_running on ops.backfills (backfill_id) where status = 'running';

comment on table ops.backfills is 'One row per pipeline run over a range of dates, with the graph and the input that it began with.';
comment on column ops.backfills.wake is 'The queue that wakes the sweeper while its runs are under way.';
comment on column ops.backfills.force is 'Also the dates that have a run which succeeded.';
comment on column ops.backfills.paused_because is 'What a person said who paused it, or which date failed.';

create table ops.backfill_dates (
  backfill_id uuid not null references ops.backfills,
  as_of date not null,
  position integer not null check (position >= 1),
  run_id uuid unique references ops.runs,
  done_by uuid references ops.runs,
  refused_by uuid references ops.runs,
  failure_accepted boolean not null default false,
  primary key (backfill_id, as_of),
  unique (backfill_id, position),
  check (run_id is null or done_by is null)
);

create index backfill_dates_waiting on ops.backfill_dates (backfill_id, position) where run_id is null and done_by is null;

comment on table ops.backfill_dates is 'One row per date of a backfill, in the order in which they are run.';
comment on column ops.backfill_dates.run_id is 'The run that it started for the date.';
comment on column ops.backfill_dates.done_by is 'The run that had succeeded for the date before its turn came.';
comment on column ops.backfill_dates.refused_by is 'The run of the date that was under way when it was tried last: it is tried again.';
comment on column ops.backfill_dates.failure_accepted is 'Somebody resumed the backfill after this date had failed.';

-- The next date is started in the transaction that ends a run, at its very end: whoever closes several runs holds all of
-- them by then, so that two who do wait for each other in one order. A backfill that cannot go on is no reason to take
-- the work of a job back: the sweeper tries again, and fails where it is seen.
create function ops.backfill_goes_on() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_backfill_id uuid;
begin
  select d.backfill_id into v_backfill_id from ops.backfill_dates d where d.run_id = new.run_id;
  if found then
    perform ops.advance_backfill(v_backfill_id);
  end if;
  return null;
exception when others then
  raise warning 'backfill % did not go on: %', v_backfill_id, sqlerrm;
  return null;
end
$$;

create constraint trigger backfill_goes_on after update on ops.runs
  deferrable initially deferred
  for each row when (old.status = 'running' and new.status <> 'running')
  execute function ops.backfill_goes_on();
