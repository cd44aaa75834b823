-- What people did to runs: who, when, why, and what it changed. Written by the functions that do it, never changed after.
create table ops.operator_actions (
  action_id bigint generated always as identity primary key,
  acted_at timestamptz not null default clock_timestamp(),
  operator text not null check (operator <> ''),
  action text not null check (action in ('CANCEL', 'RETRY')),
  run_id uuid not null references ops.runs,
  reason text not null check (reason <> ''),
  detail jsonb not null default '{}'
);

create index operator_actions_of_run on ops.operator_actions (run_id, action_id);

comment on table ops.operator_actions is 'One row per thing that a person did to a run: cancelled it, or had it tried again.';
comment on column ops.operator_actions.detail is 'What it changed: the job runs concerned, and what was known of the run until then.';

create function ops.keep_operator_action() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'what operators did is history: it can be neither changed nor deleted'
    using errcode = 'restrict_violation';
end
$$;

create trigger keep_action before update or delete on ops.operator_actions
  for each row execute function ops.keep_operator_action();
create trigger keep_actions before truncate on ops.operator_actions
  for each statement execute function ops.keep_operator_action();
