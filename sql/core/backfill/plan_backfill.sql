-- grain: one date of a range, in the order in which a backfill takes them
-- requires: none
-- done_by: the newest run of the whole pipeline that succeeded for the date; active_run_id: what is under way for it.
create or replace function ops.plan_backfill(p_pipeline text, p_from date, p_to date, p_newest_first boolean)
  returns table (as_of date, done_by uuid, active_run_id uuid)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select d.as_of, done.run_id, active.run_id
  from (select g::date as as_of from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') as g) d
  left join lateral (
    select r.run_id from ops.runs r
    where r.pipeline = p_pipeline and r.as_of = d.as_of and r.kind = 'pipeline' and r.status = 'succeeded' and not r.dry_run
    order by r.created_at desc limit 1
  ) done on true
  left join lateral (
    select r.run_id from ops.runs r
    where r.pipeline = p_pipeline and r.as_of = d.as_of and r.status = 'running' and not r.dry_run
    order by r.created_at limit 1
  ) active on true
  order by case when p_newest_first then d.as_of end desc, d.as_of;
$$;

comment on function ops.plan_backfill is 'The dates of a range, with what was done for each and what is under way.';
