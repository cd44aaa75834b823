-- Which status may follow which, held by the tables themselves; and what a retry holds back until its turn in the graph has come.

create function ops.refuse_transition() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.%: % is %, and nothing goes from there to %',
    tg_table_schema, tg_table_name, to_jsonb(old) ->> tg_argv[0], old.status, new.status
    using errcode = 'restrict_violation', hint = 'docs/promises.md, "The states", lists what follows what.';
end
$$;

-- Each list is read by a test and compared with the page. The condition and not the function holds it: where a transition is
-- right, nothing is called.
create trigger transition before update of status on ops.runs
  for each row when (old.status <> new.status and old.status || ' -> ' || new.status not in (
    'running -> succeeded', 'running -> failed', 'failed -> running'))
  execute function ops.refuse_transition('run_id');

create trigger transition before update of status on ops.job_runs
  for each row when (old.status <> new.status and old.status || ' -> ' || new.status not in (
    'queued -> running', 'queued -> failed',
    'running -> queued', 'running -> succeeded', 'running -> failed',
    'failed -> queued', 'failed -> running'))
  execute function ops.refuse_transition('job_run_id');

create trigger transition before update of status on ops.attempts
  for each row when (old.status <> new.status and old.status || ' -> ' || new.status not in (
    'running -> succeeded', 'running -> yielded', 'running -> failed', 'running -> superseded'))
  execute function ops.refuse_transition('attempt_id');

-- Beside those who wait for a slot, and not as a column of ops.job_runs: whoever moves a run on holds the run's row, and must
-- not ask for a job run's after it; and what a sealed state says of a job run would have a column less than the job run.
alter table ops.waiting_job_runs
  add column held boolean not null default false,
  drop constraint waiting_job_runs_check,
  add constraint waiting_job_runs_for_what check (held = (job_limit is null and pipeline_limit is null));

comment on table ops.waiting_job_runs is
  'One row per job run that is queued and not sent: it waits for a slot under a limit or, taken up again, for what it comes after.';
comment on column ops.waiting_job_runs.held is 'Failed, and taken up again by a person: it waits until all that it comes after is settled.';
