-- Alerts reach a person: what has to be published of them, the daily probe of that path, and the rules that were missing.

create table ops.alert_publications (
  publication_id bigint generated always as identity primary key,
  history_id bigint not null unique references ops.alert_history,
  event text not null check (event in ('opened', 'reopened', 'escalated', 'resolved')),
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  message_id text,
  check ((sent_at is null) = (message_id is null))
);

create index alert_publications_unsent on ops.alert_publications (publication_id) where sent_at is null;

comment on table ops.alert_publications is
  'One row per change of an alert that people are told of, written in the transaction of the change. Sent at least once, recorded as sent once.';
comment on column ops.alert_publications.message_id is 'SNS''s own; the message''s text follows from the history, so that one sent again is the same.';

create table ops.alert_probes (
  probe_id bigint generated always as identity primary key,
  job_run_id uuid not null unique references ops.job_runs,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  message_id text,
  arrived_at timestamptz,
  check ((sent_at is null) = (message_id is null))
);

comment on table ops.alert_probes is 'One row per probe of the alert path: a message that takes the way of every alert, to a queue instead of to a person.';
comment on column ops.alert_probes.arrived_at is 'When it was received first. It may be received before its sender has noted that it was sent.';

-- A mark is set once; everything else stays as it was written.
create function ops.keep_publication() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_marks constant text[] := array['sent_at', 'message_id', 'arrived_at'];
  v_mark text;
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - v_marks = to_jsonb(old) - v_marks then
    foreach v_mark in array v_marks loop
      if to_jsonb(old) ->> v_mark is not null and to_jsonb(new) ->> v_mark is distinct from to_jsonb(old) ->> v_mark then
        raise exception '%.%: % was noted before and stays', tg_table_schema, tg_table_name, v_mark using errcode = 'restrict_violation';
      end if;
    end loop;
    return new;
  end if;
  raise exception '%.% keeps every row as it was written', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger keep_rows before update or delete on ops.alert_publications for each row execute function ops.keep_publication();
create trigger keep_rows before update or delete on ops.alert_probes for each row execute function ops.keep_publication();

-- In the statement that changes the alert: no change can be committed without its publication, nor the other way round.
create or replace function ops.record_alert() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_acknowledged constant boolean := tg_op = 'UPDATE' and new.acknowledged_at is not null and old.acknowledged_at is null;
  v_event text;
  v_history_id bigint;
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
    case when v_acknowledged then new.acknowledged_by else coalesce(nullif(current_setting('role'), 'none'), session_user) end)
  returning event, history_id into v_event, v_history_id;
  if v_event = 'updated' and new.severity > old.severity then
    v_event := 'escalated';
  end if;
  if v_event in ('opened', 'reopened', 'escalated', 'resolved') then
    insert into ops.alert_publications (history_id, event) values (v_history_id, v_event);
  end if;
  return null;
end
$$;

-- Nobody was told of those that are open already.
insert into ops.alert_publications (history_id, event)
select distinct on (h.alert_id) h.history_id, h.event
from ops.alert_history h
join ops.alerts a on a.alert_id = h.alert_id and a.status = 'open'
where h.event in ('opened', 'reopened')
order by h.alert_id, h.history_id desc;

-- What the payer pays without owing it is theirs to explain: neither a rule nor an alert may speak of it.
alter table ops.alert_rules add constraint alert_rules_none_of_overpayment
  check (concat(type, ' ', metric, ' ', cause, ' ', action) !~* 'overpa|upstream|sobrepag');
alter table ops.alerts add constraint alerts_none_of_overpayment check (concat(type, ' ', subject) !~* 'overpa|upstream|sobrepag');

insert into ops.alert_rules (
  type, version, metric, measure, comparison, threshold, severity, escalated_severity, escalated_threshold, valid_from, cause, action)
values
  ('ALERT_PATH_SILENT', 1, 'alert_probes_missing', 'value', 'at_least', 1, 'error', null, null, '-infinity',
   'La prueba diaria del camino de avisos no llegó: puede que los avisos tampoco lleguen a nadie.',
   'Revisar cabinet.alert-publication, el tema de SNS y la cola de pruebas; mientras tanto, leer /api/v1/ops/alerts.'),
  ('PCT_WITH_SCOUT', 1, 'mv_pct_with_scout', 'value', 'below', 90, 'warning', 'error', 70, '-infinity',
   'Pocos conductores de la vista de cobranza tienen scout: atribución vacía, conductores sin persona o vista desactualizada.',
   'Revisar los conflictos y las fuentes de atribución, y la última corrida de cabinet.mv-refresh.'),
  ('RAW_LEADS_STALE', 1, 'raw_leads_age_days', 'value', 'above', 2, 'warning', 'error', 5, '-infinity',
   'No llegan leads nuevos: el más reciente ya es antiguo.',
   'Revisar la carga del archivo de leads.'),
  ('RAW_TRIPS_STALE', 1, 'raw_trips_age_days', 'value', 'above', 2, 'warning', 'error', 5, '-infinity',
   'No llegan viajes nuevos: el día más reciente ya es antiguo.',
   'Revisar la carga de summary_daily y la última corrida de cabinet.trips-load.'),
  ('RAW_PAYMENTS_STALE', 1, 'raw_payments_age_days', 'value', 'above', 2, 'warning', 'error', 5, '-infinity',
   'No llegan pagos nuevos: el más reciente ya es antiguo.',
   'Revisar la carga del archivo de pagos.'),
  ('MV_STALE', 1, 'mv_minutes_since_refresh', 'value', 'above', 1440, 'warning', null, null, '-infinity',
   'Una vista materializada no se actualizó en más de un día: se sirven datos viejos.',
   'Leer ops.v_mv_health y volver a ejecutar cabinet.mv-refresh.'),
  ('IDENTITY_GAP_24H', 1, 'leads_without_identity_1_to_6_days', 'value', 'above', 0, 'info', null, null, '-infinity',
   'Hay leads recientes que llevan más de 24 horas sin identidad.',
   'Ver por qué en canon.identity_unmatched y completar sus datos mientras el lead es reciente.'),
  ('IDENTITY_GAP_7D', 1, 'leads_unresolved_7_days', 'value', 'above', 0, 'warning', null, null, '-infinity',
   'Hay leads que llevan 7 días o más sin identidad o sin origen.',
   'Revisarlos uno por uno: identificarlos, reparar su evento o marcarlos como ignorados.'),
  ('IDENTITY_ORIGIN_INCONSISTENT', 1, 'leads_of_another_origin', 'value', 'above', 0, 'warning', null, null, '-infinity',
   'El evento de algún lead de cabinet dice otro origen.',
   'Comparar el origen del evento con el archivo del que vino el lead.'),
  ('CAUSE_INSUFFICIENT_TRIPS', 1, 'paid_cause_insufficient_trips_pct', 'value', 'above', 30, 'warning', null, null, '-infinity',
   'De los pagos sin logro, la parte con viajes insuficientes confirmados está por encima de lo habitual (15 a 25 %).',
   'Investigar: ver las cifras y ejemplos por causa. No se corrige ningún pago ni ningún logro.'),
  ('CAUSE_IDENTITY_MISMATCH', 1, 'paid_cause_identity_mismatch_pct', 'value', 'at_least', 1, 'warning', null, null, '-infinity',
   'De los pagos sin logro, un 1 % o más se debe a que el conductor del pago y el del logro no son el mismo.',
   'Revisar caso por caso.'),
  ('CAUSE_WINDOW_MISMATCH', 1, 'paid_cause_window_mismatch_pct', 'value', 'at_least', 1, 'warning', null, null, '-infinity',
   'De los pagos sin logro, un 1 % o más tiene fecha fuera de la vigencia de la regla.',
   'Revisar la regla aplicada.');
