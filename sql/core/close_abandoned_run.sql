-- grain: one inline run whose caller is gone; true when it was closed
-- requires: ops.advance_run, ops.lease
-- A queued run is brought back by its message; an inline one has only its caller, so when that is dead
-- (no sign of life for a lease) the next trigger closes it instead of being refused for ever.
create or replace function ops.close_abandoned_run(p_run_id uuid) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_error constant jsonb := '{"code": "ABANDONED", "message": "the caller that ran this inline gave no sign of life for 30 s"}';
begin
  perform from ops.runs r
  where r.run_id = p_run_id and r.inline and r.status = 'running'
    and r.created_at < clock_timestamp() - ops.lease()
    and not exists (
      select 1 from ops.job_runs j join ops.heartbeats h using (job_run_id)
      where j.run_id = r.run_id and h.beat_at > clock_timestamp() - ops.lease()
    );
  if not found then
    return false;
  end if;

  perform from ops.job_runs j where j.run_id = p_run_id order by j.shard = 0, j.job_run_id for no key update;
  update ops.job_runs j set status = 'failed', error = v_error, finished_at = clock_timestamp()
  where j.run_id = p_run_id and j.status in ('queued', 'running');
  -- After the job runs: whoever takes one up that was queued meanwhile is waited for there.
  update ops.attempts a set status = 'superseded', error = v_error, finished_at = clock_timestamp()
  from ops.job_runs j where j.run_id = p_run_id and a.job_run_id = j.job_run_id and a.status = 'running';
  perform ops.advance_run(p_run_id);
  return true;
end
$$;

comment on function ops.close_abandoned_run(uuid) is 'Fails an inline run whose caller is dead; false when it is alive, settled or not inline.';
