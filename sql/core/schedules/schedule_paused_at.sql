-- grain: one schedule at one instant
-- requires: none
create or replace function ops.schedule_paused_at(p_schedule text, p_instant timestamptz) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select a.action = 'PAUSE' from ops.operator_actions a
    where a.subject = p_schedule and a.action in ('PAUSE', 'RESUME') and a.acted_at <= p_instant
    order by a.action_id desc limit 1), false)
$$;

comment on function ops.schedule_paused_at is 'Whether a schedule was paused then, by what people did.';
