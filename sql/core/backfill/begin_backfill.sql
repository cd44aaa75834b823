-- grain: one backfill that begins or goes on at a person's word
-- requires: ops.advance_backfill
-- When every date left is held by somebody else's run, nothing of its own wakes the sweeper: that is asked for on behalf of the other.
create or replace function ops.begin_backfill(p_backfill_id uuid) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_started constant integer := ops.advance_backfill(p_backfill_id);
begin
  insert into ops.outbox (run_id, job, message)
  select d.refused_by, b.wake, jsonb_build_object('schema', 1, 'runId', d.refused_by, 'job', b.wake)
  from ops.backfills b join ops.backfill_dates d using (backfill_id)
  where b.backfill_id = p_backfill_id and b.status = 'running' and v_started = 0 and d.run_id is null and d.refused_by is not null
  order by d.position limit 1;
  return v_started;
end
$$;

comment on function ops.begin_backfill(uuid) is 'Starts the first dates of a backfill, and sees to it that the sweeper looks after the rest.';
