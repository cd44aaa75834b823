-- grain: one missed time of a schedule that is to be started and for which no schedule has been made yet
-- requires: ops.schedule_key
create or replace function ops.schedule_restarts(p_schedule text, p_arn text)
  returns table (scheduled_time timestamptz, again_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select e.scheduled_time, e.again_at
  from ops.schedule_events e
  where e.schedule = p_schedule and e.event = 'MISSED' and e.again_at is not null
    and not exists (
      select from ops.schedule_events r
      where r.schedule = e.schedule and r.scheduled_time = e.scheduled_time and r.event in ('RESCHEDULED', 'PAUSED')
    )
    and not exists (select from ops.runs r where r.trigger_key = ops.schedule_key(p_arn, e.scheduled_time))
  order by e.scheduled_time
$$;

comment on function ops.schedule_restarts is 'Missed times that the policy starts, until it has been seen to.';
