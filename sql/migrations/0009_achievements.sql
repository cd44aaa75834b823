-- Milestones as they were when they were first seen reached. Whatever changes afterwards (late trips, a new version of a
-- rule, an earlier event, another link) is shown beside them; it does not change them.

create table canon.milestone_achievements (
  achievement_id bigint generated always as identity primary key,
  driver_id varchar collate "C" not null,
  milestone_value integer not null references canon.cabinet_milestones,
  person_key uuid not null,
  lead_date date not null,
  achieved_date date not null,
  achieved_trips_in_window bigint not null,
  rule_scope text not null default 'partner' check (rule_scope = 'partner'),
  rule_id integer not null,
  window_days integer not null,
  expected_amount numeric(12, 2) not null,
  currency ops.rule_currency not null,
  rule_valid_from date not null,
  rule_valid_to date,
  trip_days jsonb not null,
  seen_as_of date not null,
  job_run_id uuid not null,
  recorded_at timestamptz not null default now(),
  unique (driver_id, milestone_value),
  constraint achievement_amount_is_the_rules foreign key (rule_id, milestone_value, expected_amount)
    references ops.partner_payment_rules (id, milestone_trips, amount),
  constraint achievement_has_the_trips check (achieved_trips_in_window >= milestone_value),
  constraint achievement_is_inside_the_window check (achieved_date >= lead_date and achieved_date < lead_date + window_days),
  constraint achievement_was_seen_after_it_happened check (achieved_date <= seen_as_of),
  constraint achievement_rule_was_in_force check (lead_date >= rule_valid_from and lead_date <= coalesce(rule_valid_to, 'infinity'))
);

create index milestone_achievements_of_person on canon.milestone_achievements (person_key, milestone_value);

comment on table canon.milestone_achievements is
  'One row per driver and milestone of the cabinet reached, with the evidence of the run that first saw it. Never changed.';
comment on column canon.milestone_achievements.lead_date is 'Day zero of the person in the cabinet, as it was known then.';
comment on column canon.milestone_achievements.achieved_trips_in_window is 'Trips from lead_date to achieved_date, that day included.';
comment on column canon.milestone_achievements.expected_amount is 'In currency; of rule_id. What it is worth, not what was paid.';
comment on column canon.milestone_achievements.rule_valid_to is 'As it stood then: empty for a version that was closed later.';
comment on column canon.milestone_achievements.trip_days is 'The days that reached it, oldest first: [{"date", "trips"}].';
comment on column canon.milestone_achievements.seen_as_of is 'The business date of the run that recorded it.';
comment on column canon.milestone_achievements.job_run_id is 'In ops.job_runs.';

create trigger append_only before update or delete or truncate on canon.milestone_achievements
  for each statement execute function ops.refuse_change();
