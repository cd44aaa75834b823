-- grain: one row per timed query
-- requires: ops.cabinet_cobranza, ops.cabinet_cobranza_summary, ops.cabinet_cobranza_weekly
-- C7: how long the screens' queries take in this database, now. Milliseconds of a wall clock: told and kept, never a verdict.
-- As its owner, since the queries read names; it hands out times.
create or replace function ops.cabinet_check_performance()
  returns table (name text, milliseconds numeric, limit_ms integer)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_began timestamptz;
begin
  if not (select ispopulated from pg_matviews where schemaname = 'ops' and matviewname = 'mv_yango_cabinet_cobranza_enriched_14d') then
    return;
  end if;
  limit_ms := 300;
  v_began := clock_timestamp();
  perform d.* from ops.cabinet_cobranza(true, true, null, 'm25', null, null, null, null, null) d
  order by d.lead_date desc nulls last, d.driver_id limit 100;
  name := 'debtors_with_m25'; milliseconds := round(extract(epoch from clock_timestamp() - v_began) * 1000, 2);
  return next;
  v_began := clock_timestamp();
  perform d.* from ops.cabinet_cobranza(true, true, null, null, null, null, null, null, null) d
  order by d.lead_date desc nulls last, d.driver_id limit 100;
  name := 'table_page'; milliseconds := round(extract(epoch from clock_timestamp() - v_began) * 1000, 2);
  return next;
  v_began := clock_timestamp();
  perform s.* from ops.cabinet_cobranza_summary(true, true, null, null, null, null, null, null, null) s;
  name := 'table_summary'; milliseconds := round(extract(epoch from clock_timestamp() - v_began) * 1000, 2);
  return next;
  v_began := clock_timestamp();
  perform w.* from ops.cabinet_cobranza_weekly(true, true, null, null, null, null, null, null, null) w;
  name := 'weekly_kpis'; milliseconds := round(extract(epoch from clock_timestamp() - v_began) * 1000, 2);
  return next;
end
$$;

comment on function ops.cabinet_check_performance is 'How long the queries of the collection screens take; nothing while the materialized view was never refreshed.';
