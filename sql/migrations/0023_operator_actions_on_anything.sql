-- People act on more than runs: on schedules, backfills, filters. Of what is no run, the subject says what it was.
alter table ops.operator_actions
  drop constraint operator_actions_action_check,
  add constraint operator_actions_action_check check (action ~ '^[A-Z]+(_[A-Z]+)*$'),
  alter column run_id drop not null,
  add column subject text check (subject <> ''),
  add constraint operator_actions_on_something check (run_id is not null or subject is not null);

create index operator_actions_on_subject on ops.operator_actions (subject, action_id) where subject is not null;

comment on table ops.operator_actions is 'One row per thing that a person did: cancelled a run, had it tried again, paused a schedule.';
comment on column ops.operator_actions.subject is 'What it was done to, when that is not one run: the name of a schedule, the id of a backfill, a filter.';
