-- grain: one alert; false when there is none of that id
-- requires: none
-- Saying it twice changes nothing: the first who said so stays. One that is resolved stays so, and is known to be seen.
create or replace function ops.acknowledge_alert(p_alert_id bigint, p_by text) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update ops.alerts a
  set status = case when a.status = 'open' then 'acknowledged' else a.status end,
      acknowledged_at = clock_timestamp(), acknowledged_by = p_by
  where a.alert_id = p_alert_id and a.acknowledged_at is null;
  return found or exists (select from ops.alerts a where a.alert_id = p_alert_id);
end
$$;

comment on function ops.acknowledge_alert is 'Records that somebody has seen an alert, and who.';
