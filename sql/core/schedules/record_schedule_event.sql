-- grain: one thing that happened to a due time of a schedule
-- requires: none
-- Once: a second time answers with what the first one said.
create or replace function ops.record_schedule_event(
  p_schedule text, p_time timestamptz, p_event text, p_ordinal integer, p_again_at timestamptz, p_detail text
)
  returns timestamptz
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  with kept as (
    insert into ops.schedule_events (schedule, scheduled_time, event, ordinal, again_at, detail)
    values (p_schedule, p_time, p_event, p_ordinal, p_again_at, p_detail)
    on conflict (schedule, scheduled_time, event, ordinal) do nothing
    returning again_at
  )
  select again_at from kept
  union all
  select e.again_at from ops.schedule_events e
  where e.schedule = p_schedule and e.scheduled_time = p_time and e.event = p_event and e.ordinal = p_ordinal
    and not exists (select from kept)
$$;

comment on function ops.record_schedule_event is 'Keeps what happened to a due time; when it is tried again, as first recorded.';
