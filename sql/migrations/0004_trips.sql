-- Trips as typed facts, and every source row that did not become one, with the reason.

create table canon.driver_day_trips (
  driver_id varchar collate "C" not null,
  trip_date date not null,
  trips integer not null check (trips >= 0),
  work_seconds numeric,
  source_created_at timestamp,
  -- With the trips in it, a lead's 14 days are read from the index alone. Rows arrive by day, so in the table a driver's days
  -- lie on a page each: over 1,000,000 leads and 20,000,000 days that was 39 s, and 5 s from the index.
  primary key (driver_id, trip_date) include (trips)
);

-- The index alone serves only pages known to be visible: a night's rows must not wait until a fifth of the table is new.
alter table canon.driver_day_trips set (
  autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_analyze_threshold = 20000, autovacuum_analyze_scale_factor = 0.01
);

-- Where the next load begins, and what may have changed since.
create index driver_day_trips_source_created_at on canon.driver_day_trips (source_created_at);

comment on table canon.driver_day_trips is
  'One row per driver and day: of the upstream''s rows the latest, then the one with more trips, then with more work.';
comment on column canon.driver_day_trips.trips is 'Completed orders of the day; 0 is a day without trips.';
comment on column canon.driver_day_trips.work_seconds is 'Above 0: the driver was connected that day.';
comment on column canon.driver_day_trips.source_created_at is 'created_at of the upstream''s row that won.';

create type canon.trip_reject_reason as enum (
  'NULL_DATE', 'BAD_SHAPE', 'IMPOSSIBLE_DATE', 'NULL_DRIVER', 'NEGATIVE_OR_NULL_COUNT', 'DUPLICATE_DRIVER_DAY'
);

create table canon.trip_rejects (
  row_digest bytea not null,
  ordinal integer not null check (ordinal >= 1),
  reason canon.trip_reject_reason not null,
  driver_id varchar collate "C",
  date_file varchar,
  trip_date date,
  count_orders_completed integer,
  sum_work_time_seconds numeric,
  source_created_at timestamp,
  first_seen_at timestamptz not null default now(),
  primary key (row_digest, ordinal),
  check (reason <> 'DUPLICATE_DRIVER_DAY' or (driver_id is not null and trip_date is not null))
);

create index trip_rejects_source_created_at on canon.trip_rejects (source_created_at);
create index trip_rejects_replaced on canon.trip_rejects (driver_id, trip_date) where reason = 'DUPLICATE_DRIVER_DAY';

comment on table canon.trip_rejects is
  'One row per row of summary_daily that is not a fact. What leaves the source leaves here too; the decisions of the run that saw it stay.';
comment on column canon.trip_rejects.row_digest is 'SHA-256 of the source row, which has no key of its own.';
comment on column canon.trip_rejects.ordinal is 'Position among identical rows, so that each is counted, and counted once.';
comment on column canon.trip_rejects.trip_date is 'Only where date_file is a date.';
