-- grain: one pass over every backfill that is under way
-- requires: ops.advance_backfill
-- The net under the trigger that starts the next date. One that is locked is being moved on already.
create or replace function ops.advance_backfills(out started integer, out waiting integer)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_backfill_id uuid;
begin
  started := 0;
  for v_backfill_id in
    select b.backfill_id from ops.backfills b where b.status = 'running' order by b.backfill_id for no key update skip locked
  loop
    started := started + ops.advance_backfill(v_backfill_id);
  end loop;
  select count(*) into waiting from ops.backfills b where b.status = 'running';
end
$$;

comment on function ops.advance_backfills is 'Moves every backfill on. waiting: backfills that are not through.';
