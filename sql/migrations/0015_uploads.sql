-- Files that people hand in: what became of each, and what it was refused. The rows themselves go into the upstream's tables.

create table ops.uploads (
  upload_id uuid primary key,
  dataset text not null check (dataset in ('leads', 'trips', 'payments')),
  channel text not null check (channel in ('api', 'presigned', 'cli')),
  uploaded_by text not null,
  uploaded_at timestamptz not null default clock_timestamp(),
  file_name text,
  bytes bigint not null check (bytes >= 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  columns text[] not null,
  total_rows bigint not null check (total_rows >= 0),
  inserted bigint not null check (inserted >= 0),
  ignored bigint not null check (ignored >= 0),
  different bigint not null check (different >= 0),
  rejected bigint not null check (rejected >= 0),
  first_date date,
  last_date date,
  oldest_created_at timestamp,
  job_run_id uuid references ops.job_runs,
  check (total_rows = inserted + ignored + different + rejected)
);

create index uploads_newest_first on ops.uploads (dataset, uploaded_at desc, upload_id);

comment on table ops.uploads is 'One row per file that was taken in: who handed it in, what it was, what became of its rows. Never changed.';
comment on column ops.uploads.uploaded_by is 'The caller as the API''s authorizer names it, or the user of the command line.';
comment on column ops.uploads.columns is 'Those that its header names, in its order.';
comment on column ops.uploads.ignored is 'Rows that were there already, as they are.';
comment on column ops.uploads.different is 'Rows whose key is there with other content: left as they are, and listed in ops.upload_rejects.';
comment on column ops.uploads.oldest_created_at is 'Of trips: the oldest created_at among the rows that it added. The next load of trips reads from there.';
comment on column ops.uploads.job_run_id is 'The job run that took it in, where one did.';

create table ops.upload_rejects (
  reject_id bigint generated always as identity primary key,
  upload_id uuid not null references ops.uploads deferrable initially deferred,
  line bigint not null check (line >= 1),
  verdict text not null check (verdict in ('rejected', 'contradicted', 'different')),
  field text,
  rule text not null,
  shape text
);

create index upload_rejects_by_line on ops.upload_rejects (upload_id, line, reject_id);

comment on table ops.upload_rejects is 'One row per thing wrong with a line of an upload. Never changed.';
comment on column ops.upload_rejects.verdict is 'rejected: not taken. contradicted: neither, for another line of the file says otherwise. different: its key is there with other content in these fields, which stays.';
comment on column ops.upload_rejects.field is 'A column, or several with commas; empty where the row as a whole is meant.';
comment on column ops.upload_rejects.shape is
  'What the value looks like, not what it says: digits as 9, letters as a or A, the rest as it is. Names and phones stay with who sent them.';

create table ops.upload_requests (
  upload_id uuid primary key,
  dataset text not null check (dataset in ('leads', 'trips', 'payments')),
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  file_name text,
  bytes bigint not null check (bytes >= 0)
);

comment on table ops.upload_requests is
  'One row per link that was given out to upload a file by: what for, to whom, and for how many bytes. Never changed.';

create trigger append_only before update or delete or truncate on ops.upload_requests
  for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on ops.uploads
  for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on ops.upload_rejects
  for each statement execute function ops.refuse_change();

-- Where a file's rows wait while they are judged, inside one transaction that begins and ends by emptying the table: no
-- other ever sees a row here. Tables, and not temporary ones: what runs as the owner must not touch what a caller has made.
create unlogged table ops.staged_leads (
  line bigint not null,
  external_id text,
  lead_created_at timestamp not null,
  first_name text,
  middle_name text,
  last_name text,
  park_phone text,
  asset_plate_number text,
  asset_model text,
  asset_color text,
  park_name text,
  status text,
  tariff text,
  target_city text,
  activation_city text,
  active_1 boolean,
  active_5 boolean,
  active_10 boolean,
  active_15 boolean,
  active_25 boolean,
  active_50 boolean,
  active_100 boolean,
  last_active_date date
);

create unlogged table ops.staged_trips (
  line bigint not null,
  driver_id text not null,
  date_file text not null,
  count_orders_completed integer not null,
  sum_work_time_seconds numeric,
  created_at timestamp not null
);

create unlogged table ops.staged_payments (
  line bigint not null,
  id bigint not null,
  date date,
  "time" time,
  scout_id integer,
  driver text,
  trip_1 boolean,
  trip_5 boolean,
  trip_25 boolean,
  created_at timestamp,
  updated_at timestamp,
  driver_id text
);

comment on table ops.staged_leads is 'One row per line of the leads file being taken in; empty to everybody else.';
comment on table ops.staged_trips is 'One row per line of the trips file being taken in; empty to everybody else.';
comment on table ops.staged_payments is 'One row per line of the payments file being taken in; empty to everybody else.';
