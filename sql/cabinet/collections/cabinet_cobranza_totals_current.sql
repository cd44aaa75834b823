-- grain: one value
-- requires: ops.mv_cabinet_cobranza_totals, ops.mv_yango_cabinet_cobranza_enriched_14d, ops.mv_refreshed_together
create or replace function ops.cabinet_cobranza_totals_current() returns boolean
  language sql stable
as $$
  select ops.mv_refreshed_together('mv_yango_cabinet_cobranza_enriched_14d', 'mv_cabinet_cobranza_totals');
$$;

comment on function ops.cabinet_cobranza_totals_current() is
  'Whether ops.mv_cabinet_cobranza_totals adds up what ops.mv_yango_cabinet_cobranza_enriched_14d holds; NULL where one was never refreshed.';
