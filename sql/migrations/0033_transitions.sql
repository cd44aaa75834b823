-- Which status may follow which, held by the tables themselves; and what a retry holds back until its turn in the graph has come.

-- Its arguments are the column that names a row, and the transitions that there are. They are not the condition of its trigger (WHEN): that is read anew by every
-- statement, at ten times the cost of a function that the session knows.
create function ops.refuse_transition() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if old.status <> new.status and old.status || ' -> ' || new.status <> all (tg_argv) then
    raise exception '%.%: % is %, and nothing goes from there to %',
      tg_table_schema, tg_table_name, to_jsonb(old) ->> tg_argv[0], old.status, new.status
      using errcode = 'restrict_violation', hint = 'docs/promises.md, "The states", lists what follows what.';
  end if;
  return new;
end
$$;

create trigger transition before update of status on ops.runs
  for each row execute function ops.refuse_transition('run_id',
    'running -> succeeded', 'running -> failed', 'failed -> running');

create trigger transition before update of status on ops.job_runs
  for each row execute function ops.refuse_transition('job_run_id',
    'queued -> running', 'queued -> failed',
    'running -> queued', 'running -> succeeded', 'running -> failed',
    'failed -> queued', 'failed -> running');

create trigger transition before update of status on ops.attempts
  for each row execute function ops.refuse_transition('attempt_id',
    'running -> succeeded', 'running -> yielded', 'running -> failed', 'running -> superseded');

-- Beside those who wait for a slot, and not as a column of ops.job_runs: whoever moves a run on holds the run's row, and must
-- not ask for a job run's after it; and what a sealed state says of a job run would have a column less than the job run.
alter table ops.waiting_job_runs
  add column held boolean not null default false,
  drop constraint waiting_job_runs_check,
  add constraint waiting_job_runs_for_what check (held = (job_limit is null and pipeline_limit is null));

comment on table ops.waiting_job_runs is
  'One row per job run that is queued and not sent: it waits for a slot under a limit or, taken up again, for what it comes after.';
comment on column ops.waiting_job_runs.held is 'Failed, and taken up again by a person: it waits until all that it comes after is settled.';
