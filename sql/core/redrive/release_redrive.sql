-- grain: one redrive; the runs of it that may be taken up in this minute of the clock
-- requires: ops.retry_run
-- Returns how many were taken up. What cannot be any more is settled with why and costs the minute nothing. A redrive that
-- is locked is somebody else's: two at once release as much as one.
create or replace function ops.release_redrive(p_redrive_id uuid) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_redrive ops.redrives;
  v_item ops.redrive_runs;
  v_tried record;
  v_left integer;
  v_released integer := 0;
begin
  select * into v_redrive from ops.redrives r where r.redrive_id = p_redrive_id and r.status = 'running' for no key update skip locked;
  if not found then
    return 0;
  end if;
  select v_redrive.rate_per_minute - count(*) into v_left
  from ops.redrive_runs i
  where i.redrive_id = p_redrive_id and i.verdict = 'RETRIED' and i.settled_at >= date_trunc('minute', clock_timestamp());

  for v_item in
    select * from ops.redrive_runs i where i.redrive_id = p_redrive_id and i.verdict is null order by i.position
  loop
    exit when v_released >= v_left;
    v_tried := ops.retry_run(v_item.run_id, v_redrive.operator, 'redrive ' || p_redrive_id || ': ' || v_redrive.reason);
    update ops.redrive_runs i
    set verdict = v_tried.verdict, other_run_id = v_tried.active_run_id, queued = v_tried.queued, settled_at = clock_timestamp()
    where i.redrive_id = p_redrive_id and i.run_id = v_item.run_id;
    v_released := v_released + (v_tried.verdict = 'RETRIED')::integer;
  end loop;

  update ops.redrives r set status = 'finished', finished_at = clock_timestamp()
  where r.redrive_id = p_redrive_id
    and not exists (select from ops.redrive_runs i where i.redrive_id = p_redrive_id and i.verdict is null);
  return v_released;
end
$$;

comment on function ops.release_redrive(uuid) is 'Takes up as many runs of a redrive as this minute may have.';
