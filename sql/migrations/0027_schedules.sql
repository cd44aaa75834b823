-- Schedules as the ledger knows them. EventBridge fires them; what a deployment would forget (who paused one and why) and
-- what a schedule that did not fire cannot tell (which time was missed) is kept here.
create table ops.schedules (
  schedule text primary key check (schedule <> ''),
  expression text not null,
  time_zone text not null,
  paused boolean not null default false,
  action_id bigint references ops.operator_actions,
  applied_at timestamptz,
  looked_until timestamptz not null,
  check (not paused or action_id is not null)
);

comment on table ops.schedules is 'One row per schedule, by its physical name, once the planner, the sweeper or a person has met it.';
comment on column ops.schedules.paused is 'In force from its commit on: the planner starts nothing for a paused schedule, whatever EventBridge has it do.';
comment on column ops.schedules.action_id is 'The last pause or resumption: who, when and why.';
comment on column ops.schedules.applied_at is 'When EventBridge was told of it; null while it has not been.';
comment on column ops.schedules.looked_until is 'What was due up to here is accounted for. Nothing due before the schedule was first met is ever missed.';

create table ops.schedule_events (
  event_id bigint generated always as identity primary key,
  schedule text not null check (schedule <> ''),
  scheduled_time timestamptz not null,
  event text not null check (event in ('POSTPONED', 'DEGRADED', 'PAUSED', 'MISSED', 'RESCHEDULED')),
  ordinal integer not null default 0 check (ordinal >= 0),
  happened_at timestamptz not null default clock_timestamp(),
  again_at timestamptz,
  detail text not null default '',
  unique (schedule, scheduled_time, event, ordinal),
  check (event <> 'POSTPONED' or again_at is not null)
);

comment on table ops.schedule_events is 'One row per thing that kept a due time of a schedule from simply becoming a run. A time of which nothing is here ran when it was due.';
comment on column ops.schedule_events.event is 'POSTPONED: its source was not ready. DEGRADED: it ran all the same. PAUSED: it fell into a pause. MISSED: nothing came of it. RESCHEDULED: the schedule that makes up for it was made.';
comment on column ops.schedule_events.ordinal is 'Which postponement it is, from 1; 0 for what happens once.';
comment on column ops.schedule_events.again_at is 'When the time is tried again; null where it is not.';

create function ops.keep_schedule_event() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'what became of a schedule''s times is history: it can be neither changed nor deleted'
    using errcode = 'restrict_violation';
end
$$;

create trigger keep_event before update or delete on ops.schedule_events
  for each row execute function ops.keep_schedule_event();
create trigger keep_events before truncate on ops.schedule_events
  for each statement execute function ops.keep_schedule_event();

-- The last runs of a schedule. Its times are all written alike, so that their text has their order.
create index runs_by_schedule on ops.runs ((trigger ->> 'scheduleArn'), (trigger ->> 'scheduledTime') desc)
  where trigger_kind = 'schedule';
