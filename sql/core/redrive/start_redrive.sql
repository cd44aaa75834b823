-- grain: one redrive, with the runs that it found ready
-- requires: ops.redrivable_runs, ops.release_redrive
-- What cannot be taken up is left out: whoever asked has it from ops.redrivable_runs. NULL, and nothing recorded, when none of it
-- was taken up and none waits: two people may ask for the same at once, and then there is nothing left for the second.
create or replace function ops.start_redrive(
  p_run_ids uuid[], p_pipeline text, p_job text, p_code text, p_failed_from timestamptz, p_failed_to timestamptz, p_limit integer,
  p_filter jsonb, p_rate_per_minute integer, p_operator text, p_reason text
) returns uuid
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_redrive_id constant uuid := gen_random_uuid();
  v_runs integer;
begin
  insert into ops.redrives (redrive_id, filter, rate_per_minute, operator, reason)
  values (v_redrive_id, p_filter, p_rate_per_minute, p_operator, p_reason);
  with added as (
    insert into ops.redrive_runs (redrive_id, run_id, position)
    select v_redrive_id, f.run_id, f.position
    from ops.redrivable_runs(p_run_ids, p_pipeline, p_job, p_code, p_failed_from, p_failed_to, p_limit)
      with ordinality as f(run_id, verdict, other_run_id, status, pipeline, kind, as_of, dry_run, failed_at, error, failed_jobs, position)
    where f.verdict = 'READY'
    -- Somebody else was faster by a moment, and it waits there.
    on conflict (run_id) where verdict is null do nothing
    returning 1
  )
  select count(*) into v_runs from added;
  insert into ops.operator_actions (operator, action, subject, reason, detail)
  values (p_operator, 'REDRIVE', 'redrive ' || v_redrive_id, p_reason,
          jsonb_build_object('filter', p_filter, 'runs', v_runs, 'ratePerMinute', p_rate_per_minute));
  perform ops.release_redrive(v_redrive_id);
  if not exists (
    select from ops.redrive_runs i where i.redrive_id = v_redrive_id and (i.verdict is null or i.verdict = 'RETRIED')
  ) then
    raise exception 'take it back' using errcode = 'CU000';
  end if;
  return v_redrive_id;
exception when sqlstate 'CU000' then
  return null;
end
$$;

comment on function ops.start_redrive is 'Begins to take failed runs up again: as many as a minute may, the rest minute by minute.';
