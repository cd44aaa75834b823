-- grain: one value, the percentage of the collection view's drivers that have a scout
-- requires: none
-- A function, because a view over a materialized view that is not populated yet, or was dropped, would take every other figure with it.
create or replace function ops.cabinet_scout_coverage() returns numeric
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_share numeric;
begin
  if exists (select from pg_matviews where schemaname = 'ops' and matviewname = 'mv_yango_cabinet_cobranza_enriched_14d' and ispopulated) then
    execute 'select round(100.0 * count(scout_id) / nullif(count(*), 0), 2) from ops.mv_yango_cabinet_cobranza_enriched_14d' into v_share;
  end if;
  return v_share;
end
$$;

comment on function ops.cabinet_scout_coverage is 'Per cent of the drivers of the collection view, as it was refreshed last, that have a scout.';
