-- grain: one pass over every redrive that is under way
-- requires: ops.release_redrive
create or replace function ops.release_redrives(out released integer, out waiting integer)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_redrive_id uuid;
begin
  released := 0;
  for v_redrive_id in select r.redrive_id from ops.redrives r where r.status = 'running' order by r.redrive_id loop
    released := released + ops.release_redrive(v_redrive_id);
  end loop;
  select count(*) into waiting from ops.redrives r where r.status = 'running';
end
$$;

comment on function ops.release_redrives is 'Takes up what this minute may have of every redrive. waiting: redrives that are not through.';
