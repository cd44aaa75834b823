-- grain: one run; at most one per trigger key, at most one active per pipeline and as-of unless forced
-- requires: ops.advance_run, ops.close_abandoned_run, ops.release
-- p_wake: the queue that wakes the sweeper while the run is under way; null for what is done inline.
-- verdict: CREATED, EXISTING (same key, same request), KEY_REUSED (same key, another request),
-- ACTIVE (another run of the pipeline and as-of is under way). run_id is the run that the verdict speaks of.
create or replace function ops.start_run(
  p_pipeline text, p_kind text, p_as_of date, p_dry_run boolean,
  p_trigger_kind text, p_trigger_key text, p_trigger jsonb, p_request_digest text,
  p_input jsonb, p_graph jsonb, p_inline boolean, p_code_version text, p_wake text, p_forced boolean default false,
  out verdict text, out run_id uuid, out job_run_id uuid
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_known ops.runs;
  v_limited text;
begin
  loop
    select * into v_known from ops.runs r where r.trigger_key = p_trigger_key;
    if found then
      run_id := v_known.run_id;
      verdict := case when v_known.request_digest = p_request_digest then 'EXISTING' else 'KEY_REUSED' end;
      select j.job_run_id into job_run_id from ops.job_runs j where j.run_id = v_known.run_id order by j.queued_at, j.job limit 1;
      return;
    end if;

    if not p_dry_run and not p_forced then
      select r.run_id into run_id from ops.runs r
      where r.pipeline = p_pipeline and r.as_of = p_as_of and r.status = 'running' and not r.dry_run order by r.created_at limit 1;
      if found and not ops.close_abandoned_run(run_id) then
        -- Made by this very trigger, a moment ago: it was not there yet when the key was looked for.
        continue when exists (select from ops.runs r where r.run_id = start_run.run_id and r.trigger_key = p_trigger_key);
        verdict := 'ACTIVE';
        return;
      end if;
    end if;

    begin
      insert into ops.runs as r (pipeline, kind, as_of, dry_run, inline, trigger_kind, trigger_key, trigger, request_digest, input, graph, code_version, forced)
      values (p_pipeline, p_kind, p_as_of, p_dry_run, p_inline, p_trigger_kind, p_trigger_key, p_trigger, p_request_digest, p_input, p_graph, p_code_version, p_forced)
      returning r.run_id into run_id;
      exit;
    exception when unique_violation then
      null; -- somebody was faster by a moment: look again
    end;
  end loop;

  verdict := 'CREATED';
  if p_wake is not null then
    -- First of the run's messages, so that whoever sends any of them sends this one too.
    insert into ops.outbox (run_id, job, message)
    values (run_id, p_wake, jsonb_build_object('schema', 1, 'runId', run_id, 'job', p_wake));
  end if;
  v_limited := ops.advance_run(run_id);
  if v_limited is not null then
    perform ops.release(v_limited, run_id);
  end if;
  select j.job_run_id into job_run_id from ops.job_runs j where j.run_id = start_run.run_id order by j.queued_at, j.job limit 1;
end
$$;

comment on function ops.start_run is 'Creates a run and queues its first jobs, once per trigger.';
