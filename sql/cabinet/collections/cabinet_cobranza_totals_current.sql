-- grain: one value
-- requires: ops.mv_cabinet_cobranza_totals, ops.mv_yango_cabinet_cobranza_enriched_14d
-- The same job run refreshed both, the totals last: what is said of the one holds of the other. After a refresh of one
-- alone, or one that failed for the totals, they are of another state and must not be read.
create or replace function ops.cabinet_cobranza_totals_current() returns boolean
  language plpgsql stable
as $$
begin
  return (
    select totals.id > drivers.id and totals.job_run_id = drivers.job_run_id
      and (select c.relispopulated from pg_class c where c.oid = to_regclass('ops.mv_cabinet_cobranza_totals'))
    from (
      select id, job_run_id from ops.mv_refresh_log
      where schema_name = 'ops' and mv_name = 'mv_cabinet_cobranza_totals' and status = 'OK'
      order by id desc limit 1
    ) totals
    cross join (
      select id, job_run_id from ops.mv_refresh_log
      where schema_name = 'ops' and mv_name = 'mv_yango_cabinet_cobranza_enriched_14d' and status = 'OK'
      order by id desc limit 1
    ) drivers
  );
end
$$;

comment on function ops.cabinet_cobranza_totals_current() is
  'Whether ops.mv_cabinet_cobranza_totals adds up what ops.mv_yango_cabinet_cobranza_enriched_14d holds; NULL where one was never refreshed.';
