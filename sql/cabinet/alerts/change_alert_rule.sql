-- grain: one new version of an alert's threshold; its number
-- requires: none
-- Takes over what is not named; the table itself closes the version before.
create or replace function ops.change_alert_rule(p_type text, p_valid_from date, p_changes jsonb) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_before ops.alert_rules;
  v_unknown text;
  v_version integer;
begin
  select * into v_before from ops.alert_rules r where r.type = p_type and r.valid_to is null for update;
  if not found then
    raise exception 'there is no alert of type %', p_type using errcode = 'no_data_found';
  end if;
  select string_agg(key, ', ' order by key) into v_unknown from jsonb_object_keys(p_changes) as key
  where key not in ('enabled', 'threshold', 'severity', 'escalated_severity', 'escalated_threshold', 'persistent_days', 'window_runs', 'cause', 'action');
  if v_unknown is not null then
    raise exception 'a version of % cannot change %', p_type, v_unknown using errcode = 'invalid_parameter_value';
  end if;
  insert into ops.alert_rules (
    type, version, enabled, metric, measure, comparison, threshold, severity, escalated_severity, escalated_threshold, persistent_days,
    window_runs, cause, action, valid_from)
  select p_type, v_before.version + 1, n.enabled, n.metric, n.measure, n.comparison, n.threshold, n.severity, n.escalated_severity,
         n.escalated_threshold, n.persistent_days, n.window_runs, n.cause, n.action, p_valid_from
  from jsonb_populate_record(v_before, p_changes) n
  returning version into v_version;
  return v_version;
end
$$;

comment on function ops.change_alert_rule is 'Adds a version of an alert''s threshold, in force from a date on, e.g. {"threshold": 150}.';
