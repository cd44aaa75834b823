-- What every check of every night found, and the thresholds that somebody moved since the list of checks was written.

create table ops.check_thresholds (
  check_threshold_id integer generated always as identity primary key,
  name text not null,
  threshold numeric not null,
  valid_from date not null,
  reason text not null check (reason <> ''),
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null default coalesce(nullif(current_setting('role'), 'none'), session_user)
);

create index check_thresholds_of_check on ops.check_thresholds (name, valid_from desc, check_threshold_id desc);

comment on table ops.check_thresholds is
  'One row per threshold that somebody set for a check instead of the one in its list, in force from a date on: the latest wins.';

create table ops.check_values (
  check_value_id bigint generated always as identity primary key,
  job_run_id uuid not null references ops.job_runs,
  as_of date not null,
  name text not null,
  subject text not null,
  level text not null check (level in ('H', 'W', 'I')),
  unit text not null,
  comparison text check (comparison in ('at_most', 'at_least')),
  threshold numeric,
  value numeric,
  outcome text not null check (outcome in ('PASSED', 'WARNING', 'FAILED', 'INFORMED', 'NOT_EVALUATED')),
  examples jsonb not null,
  measured_at timestamptz not null default clock_timestamp(),
  unique (job_run_id, name, subject),
  check ((comparison is null) = (threshold is null))
);

create index check_values_over_days on ops.check_values (name, subject, as_of desc, check_value_id desc);

comment on table ops.check_values is 'One row per value that a validation found: every check of every run, passed or not, with the threshold it was held against. Never updated.';
comment on column ops.check_values.subject is 'What the value is of, where a check has several: a stage, a milestone; else total.';
comment on column ops.check_values.threshold is 'The one in force then; empty for a figure that is only told.';
comment on column ops.check_values.value is 'Of a check that lists rows, how many there are. Empty where it could not be evaluated.';
comment on column ops.check_values.examples is 'The first of the rows that it lists: subject, detail and evidence. Ids and figures, never a name or a phone.';

create function ops.keep_check_record() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.% keeps every row as it was written', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger keep_rows before update or delete on ops.check_values for each row execute function ops.keep_check_record();
create trigger keep_rows before update or delete on ops.check_thresholds for each row execute function ops.keep_check_record();
