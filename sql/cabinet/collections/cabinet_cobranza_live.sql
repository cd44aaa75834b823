-- grain: one row per driver
-- requires: ops.v_cabinet_cobranza_enriched_14d
-- The live view behind a wall: its SET keeps the planner from taking the function apart, so that a question put to the
-- materialized view does not pay for planning the forty relations of the other branch (10 ms, four times per page).
create or replace function ops.cabinet_cobranza_live() returns setof ops.v_cabinet_cobranza_enriched_14d
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from ops.v_cabinet_cobranza_enriched_14d;
$$;

comment on function ops.cabinet_cobranza_live is 'The live standing of every driver, worked out whole.';
