-- grain: one redrive that is stopped by a person
-- requires: none
-- verdict: CANCELLED; or why not: UNKNOWN, OVER (status says how it ended). What was taken up goes on.
create or replace function ops.cancel_redrive(
  p_redrive_id uuid, p_operator text, p_reason text, out verdict text, out status text, out kept_back integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  kept_back := 0;
  select r.status into status from ops.redrives r where r.redrive_id = p_redrive_id for no key update;
  if not found or status <> 'running' then
    verdict := case when found then 'OVER' else 'UNKNOWN' end;
    return;
  end if;
  with kept as (
    update ops.redrive_runs i set verdict = 'CANCELLED', settled_at = clock_timestamp()
    where i.redrive_id = p_redrive_id and i.verdict is null
    returning 1
  )
  select count(*) into kept_back from kept;
  update ops.redrives r set status = 'cancelled', finished_at = clock_timestamp() where r.redrive_id = p_redrive_id;
  insert into ops.operator_actions (operator, action, subject, reason, detail)
  values (p_operator, 'REDRIVE_CANCEL', 'redrive ' || p_redrive_id, p_reason, jsonb_build_object('kept_back', kept_back));
  verdict := 'CANCELLED';
  status := 'cancelled';
end
$$;

comment on function ops.cancel_redrive is 'Takes up no more runs of a redrive.';
