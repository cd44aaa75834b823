-- Two doors of history that stood open to those who may write: decisions could be added to a job run that was over, and a run
-- could be taken up again on the strength of an action that was not about it.

-- Once a statement, after it: a trigger of each row costs a night of a million decisions a quarter of its time, this one a
-- twentieth at most. Whoever is at work holds its job run open until after its last decision; who comes later was superseded.
create function ops.keep_decided() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_job_run_id uuid;
  v_status text;
begin
  select j.job_run_id, j.status into v_job_run_id, v_status
  from ops.job_runs j
  where j.job_run_id in (select a.job_run_id from added a) and j.finished_at is not null
  limit 1;
  if found then
    raise exception 'job run % has %: what it decided is complete, and nothing is added to it', v_job_run_id, v_status
      using errcode = 'restrict_violation', hint = 'A job adds decisions to its own job run, in the transaction of its effect.';
  end if;
  return null;
end
$$;

create trigger keep_decided after insert on ops.decisions
  referencing new table as added for each statement execute function ops.keep_decided();

-- One's own: every retry and every run of a redrive writes one for its run.
create or replace function ops.demand_action() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from ops.operator_actions a where a.xact_id = txid_current() and a.run_id = new.run_id and a.action = 'RETRY'
  ) then
    raise exception 'run % was over and is taken up again without a row in ops.operator_actions that says who did it, and why', new.run_id
      using errcode = 'restrict_violation', hint = 'A failed run is taken up again by POST /api/v1/runs/{run_id}/retry.';
  end if;
  return null;
end
$$;
