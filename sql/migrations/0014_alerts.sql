-- What deserves attention: thresholds as versioned data, the daily figures they are held against, and the alerts.

create type ops.alert_severity as enum ('info', 'warning', 'error', 'critical');

create table ops.alert_rules (
  alert_rule_id integer generated always as identity primary key,
  type text not null check (type ~ '^[A-Z][A-Z0-9_]*$'),
  version integer not null check (version >= 1),
  enabled boolean not null default true,
  metric text not null,
  measure text not null check (measure in ('value', 'week_over_week')),
  comparison text not null check (comparison in ('above', 'below', 'at_least')),
  threshold numeric not null,
  severity ops.alert_severity not null,
  escalated_severity ops.alert_severity,
  escalated_threshold numeric,
  persistent_days integer check (persistent_days between 2 and 365),
  window_runs integer check (window_runs between 1 and 1000),
  cause text not null,
  action text not null,
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  created_at timestamptz not null default now(),
  created_by text not null default coalesce(nullif(current_setting('role'), 'none'), session_user),
  unique (type, version),
  -- Growth is above its percentage; below and at least have no meaning of "grew" that anybody asked for.
  check (measure = 'value' or comparison = 'above'),
  check (escalated_severity is null or escalated_severity > severity),
  check ((escalated_severity is null) = (escalated_threshold is null and persistent_days is null)),
  check (escalated_threshold is null or persistent_days is null),
  check ((metric = 'job_failures_in_window') = (window_runs is not null))
);

create unique index alert_rules_one_open on ops.alert_rules (type) where valid_to is null;

comment on table ops.alert_rules is 'One row per version of an alert''s threshold. A new version closes the one before; a closed one never changes.';
comment on column ops.alert_rules.measure is 'value: the metric itself. week_over_week: its growth in percent since the snapshot 7 to 13 days before.';
comment on column ops.alert_rules.comparison is 'above and below are strict.';
comment on column ops.alert_rules.escalated_severity is 'Instead of severity, when escalated_threshold is passed too, or in each of the last persistent_days snapshots.';
comment on column ops.alert_rules.window_runs is 'How many of a job''s last runs job_failures_in_window looks at.';
comment on column ops.alert_rules.valid_to is 'First day on which it is no longer in force; empty while it is open.';

create function ops.close_alert_rule() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_before ops.alert_rules;
begin
  select * into v_before from ops.alert_rules r where r.type = new.type and r.valid_to is null for update;
  if found then
    if new.valid_from < v_before.valid_from then
      raise exception 'version % of % is in force since %: a new one cannot begin before it', v_before.version, new.type, v_before.valid_from
        using errcode = 'restrict_violation';
    end if;
    update ops.alert_rules r set valid_to = new.valid_from where r.alert_rule_id = v_before.alert_rule_id;
    new.version := v_before.version + 1;
  else
    new.version := 1;
  end if;
  if new.valid_to is not null then
    raise exception 'a version of % is closed by the next one, not by hand', new.type using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;

create trigger close_version_before before insert on ops.alert_rules for each row execute function ops.close_alert_rule();

create function ops.keep_alert_rule() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and old.valid_to is null and new.valid_to is not null
     and to_jsonb(new) - 'valid_to' = to_jsonb(old) - 'valid_to' and pg_trigger_depth() > 1 then
    return new;
  end if;
  raise exception 'version % of % is what alerts were judged by: add a version instead of changing it', old.version, old.type
    using errcode = 'restrict_violation';
end
$$;

create trigger keep_version before update or delete on ops.alert_rules for each row execute function ops.keep_alert_rule();

create table ops.metric_snapshots (
  snapshot_id bigint generated always as identity primary key,
  as_of date not null,
  metric text not null,
  subject text not null,
  value numeric,
  job_run_id uuid not null references ops.job_runs,
  measured_at timestamptz not null default clock_timestamp()
);

create index metric_snapshots_of_metric on ops.metric_snapshots (metric, subject, as_of desc, snapshot_id desc);
create index metric_snapshots_by_date on ops.metric_snapshots (as_of, metric, subject, snapshot_id desc);

comment on table ops.metric_snapshots is
  'One row per metric, subject and as-of date, and one more whenever a later run of that date found another value. Never updated.';
comment on column ops.metric_snapshots.value is 'Empty where there was nothing to measure, e.g. a percentage of no leads.';

create table ops.alerts (
  alert_id bigint generated always as identity primary key,
  type text not null,
  subject text not null,
  status text not null default 'open' check (status in ('open', 'acknowledged', 'resolved')),
  severity ops.alert_severity not null,
  alert_rule_id integer not null references ops.alert_rules,
  value numeric,
  threshold numeric not null,
  message text not null,
  details jsonb not null,
  opened_as_of date not null,
  last_as_of date not null check (last_as_of >= opened_as_of),
  opened_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_as_of date check (resolved_as_of >= opened_as_of),
  resolved_at timestamptz,
  job_run_id uuid not null references ops.job_runs,
  check ((acknowledged_at is null) = (acknowledged_by is null)),
  check (status <> 'acknowledged' or acknowledged_at is not null),
  check (status <> 'open' or acknowledged_at is null),
  check ((status = 'resolved') = (resolved_at is not null)),
  check ((status = 'resolved') = (resolved_as_of is not null))
);

create unique index alerts_one_unresolved on ops.alerts (type, subject) where status <> 'resolved';

comment on table ops.alerts is 'One row per alert: from the day its condition first held to the day it no longer did. At most one per type and subject is not resolved.';
comment on column ops.alerts.subject is 'What it is about: cabinet, or the name of a job or materialized view.';
comment on column ops.alerts.last_as_of is 'Newest business date on which it held.';
comment on column ops.alerts.job_run_id is 'The evaluation that changed it last.';

create table ops.alert_history (
  history_id bigint generated always as identity primary key,
  alert_id bigint not null references ops.alerts,
  event text not null check (event in ('opened', 'updated', 'acknowledged', 'reopened', 'resolved')),
  status text not null,
  severity ops.alert_severity not null,
  alert_rule_id integer not null references ops.alert_rules,
  value numeric,
  threshold numeric not null,
  as_of date not null,
  details jsonb not null,
  job_run_id uuid not null,
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text not null
);

create index alert_history_of_alert on ops.alert_history (alert_id, history_id);

comment on table ops.alert_history is 'One row per state an alert has had, its first included. Written by the database alone, never updated.';
comment on column ops.alert_history.changed_by is 'Who acknowledged it, for that event; else the database role.';

create function ops.guard_alert() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.type, new.subject, new.opened_as_of, new.opened_at) is distinct from (old.type, old.subject, old.opened_as_of, old.opened_at) then
    raise exception 'alert %: what it is about and since when never changes', old.alert_id using errcode = 'restrict_violation';
  end if;
  if old.status = 'resolved'
     and to_jsonb(new) - array['acknowledged_at', 'acknowledged_by'] <> to_jsonb(old) - array['acknowledged_at', 'acknowledged_by'] then
    raise exception 'alert % is resolved: a new one is opened when its condition holds again', old.alert_id
      using errcode = 'restrict_violation';
  end if;
  -- What was acknowledged was less bad than this: who said so stays in the history.
  if old.status = 'acknowledged' and new.status = 'open' then
    new.acknowledged_at := null;
    new.acknowledged_by := null;
  end if;
  if old.status <> 'resolved' then
    new.updated_at := clock_timestamp();
  end if;
  return new;
end
$$;

create trigger guard_alert before update on ops.alerts for each row execute function ops.guard_alert();

-- As its owner: nobody else holds the right to write the history.
create function ops.record_alert() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_acknowledged constant boolean := tg_op = 'UPDATE' and new.acknowledged_at is not null and old.acknowledged_at is null;
begin
  insert into ops.alert_history (alert_id, event, status, severity, alert_rule_id, value, threshold, as_of, details, job_run_id, changed_by)
  values (
    new.alert_id,
    case
      when tg_op = 'INSERT' then 'opened'
      when v_acknowledged then 'acknowledged'
      when new.status = 'resolved' then 'resolved'
      when old.status = 'acknowledged' and new.status = 'open' then 'reopened'
      else 'updated'
    end,
    new.status, new.severity, new.alert_rule_id, new.value, new.threshold, coalesce(new.resolved_as_of, new.last_as_of), new.details, new.job_run_id,
    case when v_acknowledged then new.acknowledged_by else coalesce(nullif(current_setting('role'), 'none'), session_user) end);
  return null;
end
$$;

create trigger record_new_alert after insert on ops.alerts for each row execute function ops.record_alert();
create trigger record_changed_alert after update on ops.alerts for each row execute function ops.record_alert();

create function ops.keep_alert_record() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.% keeps every row as it was written', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger keep_rows before update or delete on ops.metric_snapshots for each row execute function ops.keep_alert_record();
create trigger keep_rows before update or delete on ops.alert_history for each row execute function ops.keep_alert_record();
create trigger keep_rows before delete on ops.alerts for each row execute function ops.keep_alert_record();

insert into ops.alert_rules (
  type, version, metric, measure, comparison, threshold, severity, escalated_severity, escalated_threshold, persistent_days, window_runs,
  valid_from, cause, action)
values
  ('LIMBO_NO_IDENTITY_THRESHOLD', 1, 'limbo_no_identity', 'value', 'above', 100, 'warning', null, null, null, null, '-infinity',
   'Hay leads sin datos suficientes para identificarlos: teléfono, licencia o placa.',
   'Mejorar la calidad de los datos de origen o revisarlos a mano.'),
  ('PCT_WITH_IDENTITY_THRESHOLD', 1, 'limbo_pct_with_identity', 'value', 'below', 80.0, 'warning', null, null, null, null, '-infinity',
   'Hay leads sin datos suficientes para identificarlos: teléfono, licencia o placa.',
   'Mejorar la calidad de los datos de origen.'),
  ('TRIPS_NO_CLAIM_PERSISTENT', 1, 'limbo_trips_no_claim', 'value', 'above', 0, 'warning', 'error', null, 3, null, '-infinity',
   'Hay leads con viajes y sin reclamo: puede hacer falta otra corrida del job o revisar los casos.',
   'Volver a ejecutar cabinet.claims-reconcile o revisar los casos uno por uno.'),
  ('NO_IDENTITY_WEEKLY_GROWTH', 1, 'limbo_no_identity', 'week_over_week', 'above', 10, 'warning', null, null, null, null, '-infinity',
   'Los leads sin identidad crecieron frente a la semana anterior.',
   'Revisar la última carga de leads y la identificación de personas.'),
  ('TRIPS_NO_CLAIM_WEEKLY_GROWTH', 1, 'limbo_trips_no_claim', 'week_over_week', 'above', 5, 'warning', null, null, null, null, '-infinity',
   'Los leads con viajes y sin reclamo crecieron frente a la semana anterior.',
   'Revisar los eventos de esos leads y volver a ejecutar cabinet.claims-reconcile.'),
  ('PCT_WITH_IDENTITY_LAST_WEEK', 1, 'last_week_pct_with_identity', 'value', 'below', 80, 'warning', null, null, null, null, '-infinity',
   'De los leads de la última semana completa, pocos tienen identidad.',
   'Revisar los datos de la última carga de leads.'),
  ('PCT_WITH_DRIVER_LAST_WEEK', 1, 'last_week_pct_with_driver', 'value', 'below', 70, 'warning', null, null, null, null, '-infinity',
   'De los leads de la última semana completa, pocos tienen conductor.',
   'Revisar los vínculos de esas personas con la tabla drivers.'),
  ('GAPS_TOTAL', 1, 'gaps_21d', 'value', 'above', 50, 'warning', 'critical', 100, null, null, '-infinity',
   'Hay demasiadas brechas en los leads de los últimos 21 días.',
   'Revisar la última corrida de cabinet.claims-reconcile y sus vetos.'),
  ('GAPS_AMOUNT', 1, 'gaps_21d_amount', 'value', 'above', 5000, 'critical', null, null, null, null, '-infinity',
   'El monto esperado y sin reclamo de los últimos 21 días es demasiado alto.',
   'Generar los reclamos que faltan: cabinet.claims-reconcile.'),
  ('GAPS_WEEKLY_GROWTH', 1, 'gaps_open', 'week_over_week', 'above', 20, 'warning', null, null, null, null, '-infinity',
   'Las brechas abiertas crecieron frente a la semana anterior.',
   'Revisar si los jobs corrieron cada noche y qué vetaron.'),
  ('DRIVERS_WITH_GAP_PCT', 1, 'drivers_with_gap_21d_pct', 'value', 'above', 10, 'warning', null, null, null, null, '-infinity',
   'De los conductores con viajes de los últimos 21 días, demasiados tienen una brecha.',
   'Revisar los vetos de cabinet.claims-reconcile.'),
  ('GAPS_AVERAGE_AGE', 1, 'gaps_21d_average_age_days', 'value', 'above', 7, 'warning', null, null, null, null, '-infinity',
   'Las brechas de los últimos 21 días llevan demasiado tiempo abiertas.',
   'Revisar las brechas más antiguas y por qué no se generó su reclamo.'),
  ('MV_REFRESH_FAILING', 1, 'mv_refresh_failures_in_a_row', 'value', 'at_least', 3, 'error', null, null, null, null, '-infinity',
   'La actualización de una vista materializada falló varias veces seguidas: se sirven datos viejos.',
   'Leer el error en ops.v_mv_health y volver a ejecutar cabinet.mv-refresh.'),
  ('JOB_FAILING', 1, 'job_failures_in_a_row', 'value', 'at_least', 3, 'error', null, null, null, null, '-infinity',
   'Un job falló varias veces seguidas.',
   'Leer el error de su última corrida en /api/v1/runs y corregir la causa.'),
  ('JOB_UNSTABLE', 1, 'job_failures_in_window', 'value', 'at_least', 3, 'warning', null, null, null, 10, '-infinity',
   'Un job falla con frecuencia, aunque no siempre.',
   'Comparar los errores de sus últimas corridas en /api/v1/runs.');
