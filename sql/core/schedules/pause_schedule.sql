-- grain: one pause or resumption of a schedule by a person
-- requires: none
-- Called by who holds the schedule's row (ops.know_schedule). p_paused: what is wanted. p_switched_off: EventBridge has it off,
-- although it is not paused here and EventBridge was told so; it may then be resumed.
-- verdict: RECORDED; REPEATED (the same person, the same reason, the same wish: said again); ALREADY (somebody's doing: operator,
-- reason and acted_at say whose; nobody's when they are null). From RECORDED on the planner goes by it.
create or replace function ops.pause_schedule(
  p_schedule text, p_paused boolean, p_operator text, p_reason text, p_switched_off boolean,
  out verdict text, out operator text, out reason text, out acted_at timestamptz
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_paused boolean;
  v_action_id bigint;
begin
  select s.paused into strict v_paused from ops.schedules s where s.schedule = p_schedule;
  if v_paused = p_paused and not (not p_paused and p_switched_off) then
    select a.operator, a.reason, a.acted_at into operator, reason, acted_at
    from ops.schedules s join ops.operator_actions a on a.action_id = s.action_id where s.schedule = p_schedule;
    verdict := case when (operator, reason) = (p_operator, p_reason) then 'REPEATED' else 'ALREADY' end;
    return;
  end if;
  insert into ops.operator_actions as a (operator, action, subject, reason, detail)
  values (p_operator, case when p_paused then 'PAUSE' else 'RESUME' end, p_schedule, p_reason,
          jsonb_build_object('was_paused', v_paused, 'was_switched_off', p_switched_off))
  returning a.action_id, a.operator, a.reason, a.acted_at into v_action_id, operator, reason, acted_at;
  update ops.schedules s set paused = p_paused, action_id = v_action_id, applied_at = null where s.schedule = p_schedule;
  verdict := 'RECORDED';
end
$$;

comment on function ops.pause_schedule is 'Records that a person pauses or resumes a schedule, which is in force from then on.';
