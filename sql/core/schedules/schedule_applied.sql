-- grain: one schedule as EventBridge has been told to have it
-- requires: none
create or replace function ops.schedule_applied(p_schedule text) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update ops.schedules set applied_at = clock_timestamp() where schedule = p_schedule and applied_at is null
$$;

comment on function ops.schedule_applied is 'EventBridge has the schedule as it is wanted; called by who holds its row and told it.';
