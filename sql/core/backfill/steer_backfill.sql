-- grain: one backfill that is paused, resumed or cancelled by a person
-- requires: ops.begin_backfill
-- p_to: paused, running or cancelled. verdict: DONE; or why not: UNKNOWN, ALREADY (it is so), OVER; status says what it is.
-- Runs under way go on in any case: nothing new begins. Resuming accepts the dates that have failed.
create or replace function ops.steer_backfill(
  p_backfill_id uuid, p_to text, p_operator text, p_reason text, out verdict text, out status text, out started integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  started := 0;
  select b.status into status from ops.backfills b where b.backfill_id = p_backfill_id for no key update;
  verdict := case when not found then 'UNKNOWN' when status in ('finished', 'cancelled') then 'OVER' when status = p_to then 'ALREADY' else 'DONE' end;
  if verdict <> 'DONE' then
    return;
  end if;
  update ops.backfills b
  set status = p_to, paused_because = case when p_to = 'paused' then p_reason end,
      finished_at = case when p_to = 'cancelled' then clock_timestamp() end
  where b.backfill_id = p_backfill_id;
  insert into ops.operator_actions (operator, action, subject, reason)
  values (p_operator, case p_to when 'paused' then 'BACKFILL_PAUSE' when 'running' then 'BACKFILL_RESUME' else 'BACKFILL_CANCEL' end,
          'backfill ' || p_backfill_id, p_reason);
  if p_to = 'running' then
    update ops.backfill_dates d set failure_accepted = true
    from ops.runs r
    where d.backfill_id = p_backfill_id and r.run_id = d.run_id and r.status = 'failed';
    started := ops.begin_backfill(p_backfill_id);
  end if;
  select b.status into status from ops.backfills b where b.backfill_id = p_backfill_id;
end
$$;

comment on function ops.steer_backfill is 'Pauses, resumes or cancels a backfill.';
