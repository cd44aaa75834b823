-- grain: one missed time of a schedule that the policy starts and that has no run
-- requires: ops.schedule_key
-- Not while it may still come: one that was made up for, or put off, to after p_until is waited for. p_until lies so far back that
-- nothing delivers what was due then. restarts: how often it was made up for; postponed: how often it was put off, in all.
create or replace function ops.schedule_restarts(p_schedule text, p_arn text, p_until timestamptz)
  returns table (scheduled_time timestamptz, again_at timestamptz, restarts integer, postponed integer)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select e.scheduled_time, e.again_at, t.restarts, t.postponed
  from ops.schedule_events e
  cross join lateral (
    select (count(*) filter (where o.event = 'RESCHEDULED'))::integer as restarts,
           coalesce(max(o.ordinal) filter (where o.event = 'POSTPONED'), 0) as postponed,
           max(o.again_at) filter (where o.event in ('RESCHEDULED', 'POSTPONED')) as due_at,
           bool_or(o.event = 'PAUSED' or (o.event = 'MISSED' and o.ordinal > 0)) as over
    from ops.schedule_events o
    where o.schedule = e.schedule and o.scheduled_time = e.scheduled_time
  ) t
  where e.schedule = p_schedule and e.event = 'MISSED' and e.ordinal = 0 and e.again_at is not null
    and not t.over and (t.due_at is null or t.due_at <= p_until)
    and not exists (select from ops.runs r where r.trigger_key = ops.schedule_key(p_arn, e.scheduled_time))
  order by e.scheduled_time
$$;

comment on function ops.schedule_restarts is 'Missed times that the policy starts and that have no run, once nothing of what was done for them can still come.';
