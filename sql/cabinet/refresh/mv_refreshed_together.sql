-- grain: one value
-- requires: none
-- The same job run refreshed both, the totals last: what is said of the one holds of the other. After a refresh of one
-- alone, or one that failed for the totals, they are of another state and must not be read.
create or replace function ops.mv_refreshed_together(p_mv_name text, p_totals_name text) returns boolean
  language plpgsql stable
as $$
begin
  return (
    select totals.id > base.id and totals.job_run_id = base.job_run_id
      and (select c.relispopulated from pg_class c where c.oid = to_regclass('ops.' || p_totals_name))
    from (
      select id, job_run_id from ops.mv_refresh_log
      where schema_name = 'ops' and mv_name = p_totals_name and status = 'OK'
      order by id desc limit 1
    ) totals
    cross join (
      select id, job_run_id from ops.mv_refresh_log
      where schema_name = 'ops' and mv_name = p_mv_name and status = 'OK'
      order by id desc limit 1
    ) base
  );
end
$$;

comment on function ops.mv_refreshed_together is
  'Whether a materialized view of totals adds up what the view that it reads holds; NULL where one was never refreshed.';
