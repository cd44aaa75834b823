-- grain: one backfill; starts the next dates while fewer than its concurrency are under way
-- requires: ops.start_run
-- Its row is the lock that makes callers take turns; every statement after it sees what the one before committed. A date
-- whose pipeline is being run by somebody else waits. Returns how many runs were started.
create or replace function ops.advance_backfill(p_backfill_id uuid) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_backfill ops.backfills;
  v_date ops.backfill_dates;
  v_failed text;
  v_done_by uuid;
  v_run record;
  v_active integer;
  v_started integer := 0;
begin
  select * into v_backfill from ops.backfills b where b.backfill_id = p_backfill_id for no key update;
  if not found or v_backfill.status <> 'running' then
    return 0;
  end if;

  -- What one job says of the input, it says of it on every date.
  select d.as_of || ' failed: ' || concat_ws(' ', r.error ->> 'job', r.error ->> 'code') into v_failed
  from ops.backfill_dates d join ops.runs r on r.run_id = d.run_id
  where d.backfill_id = p_backfill_id and r.status = 'failed' and not d.failure_accepted
    and (v_backfill.stop_on_failure or r.error ->> 'code' = 'INVALID_INPUT')
  order by d.position limit 1;
  if found then
    update ops.backfills b set status = 'paused', paused_because = v_failed where b.backfill_id = p_backfill_id;
    return 0;
  end if;

  select count(*) into v_active
  from ops.backfill_dates d join ops.runs r on r.run_id = d.run_id
  where d.backfill_id = p_backfill_id and r.status = 'running';

  for v_date in
    select * from ops.backfill_dates d
    where d.backfill_id = p_backfill_id and d.run_id is null and d.done_by is null
    order by d.position
  loop
    exit when v_active >= v_backfill.concurrency;
    if not v_backfill.force then
      select r.run_id into v_done_by from ops.runs r
      where r.pipeline = v_backfill.pipeline and r.as_of = v_date.as_of and r.kind = 'pipeline' and r.status = 'succeeded' and not r.dry_run
      order by r.created_at desc limit 1;
      if found then
        update ops.backfill_dates d set done_by = v_done_by where d.backfill_id = p_backfill_id and d.as_of = v_date.as_of;
        continue;
      end if;
    end if;
    v_run := ops.start_run(
      p_pipeline => v_backfill.pipeline, p_kind => 'pipeline', p_as_of => v_date.as_of, p_dry_run => false,
      p_trigger_kind => 'backfill', p_trigger_key => concat_ws(' ', 'backfill', p_backfill_id, v_date.as_of),
      p_trigger => jsonb_build_object('backfillId', p_backfill_id, 'operator', v_backfill.operator, 'reason', v_backfill.reason),
      p_request_digest => encode(sha256(convert_to(v_backfill.graph::text, 'UTF8')), 'hex'),
      p_input => v_backfill.input, p_graph => v_backfill.graph, p_inline => false,
      p_code_version => v_backfill.code_version, p_wake => v_backfill.wake);
    if v_run.verdict in ('CREATED', 'EXISTING') then
      update ops.backfill_dates d set run_id = v_run.run_id where d.backfill_id = p_backfill_id and d.as_of = v_date.as_of;
      v_active := v_active + 1;
      v_started := v_started + 1;
    else
      update ops.backfill_dates d set refused_by = v_run.run_id
      where d.backfill_id = p_backfill_id and d.as_of = v_date.as_of and d.refused_by is distinct from v_run.run_id;
    end if;
  end loop;

  update ops.backfills b set status = 'finished', finished_at = clock_timestamp()
  where b.backfill_id = p_backfill_id and v_active = 0
    and not exists (
      select from ops.backfill_dates d where d.backfill_id = p_backfill_id and d.run_id is null and d.done_by is null);
  return v_started;
end
$$;

comment on function ops.advance_backfill(uuid) is 'Moves a backfill on: the next dates, while fewer than its concurrency are under way.';
