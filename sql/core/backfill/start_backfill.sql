-- grain: one backfill with its dates
-- requires: ops.plan_backfill, ops.begin_backfill
-- verdict: STARTED; or OVERLAPS: backfill_id is another of the pipeline that is not over and has one of the dates.
create or replace function ops.start_backfill(
  p_pipeline text, p_from date, p_to date, p_newest_first boolean, p_concurrency integer, p_force boolean, p_stop_on_failure boolean,
  p_input jsonb, p_graph jsonb, p_wake text, p_code_version text, p_operator text, p_reason text,
  out verdict text, out backfill_id uuid, out started integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  started := 0;
  -- One at a time per pipeline looks for others and adds its own: no constraint can say "overlaps" of two columns and a text
  -- without an extension.
  perform pg_advisory_xact_lock(hashtextextended('ops.start_backfill ' || p_pipeline, 0));
  select b.backfill_id into backfill_id from ops.backfills b
  where b.pipeline = p_pipeline and b.status in ('running', 'paused')
    and daterange(b.from_date, b.to_date, '[]') && daterange(p_from, p_to, '[]')
  order by b.created_at limit 1;
  if found then
    verdict := 'OVERLAPS';
    return;
  end if;

  insert into ops.backfills as b (pipeline, from_date, to_date, newest_first, concurrency, force, stop_on_failure,
                                  input, graph, wake, code_version, operator, reason)
  values (p_pipeline, p_from, p_to, p_newest_first, p_concurrency, p_force, p_stop_on_failure,
          p_input, p_graph, p_wake, p_code_version, p_operator, p_reason)
  returning b.backfill_id into backfill_id;
  insert into ops.backfill_dates (backfill_id, as_of, position, done_by)
  select start_backfill.backfill_id, p.as_of, p.position, case when not p_force then p.done_by end
  from ops.plan_backfill(p_pipeline, p_from, p_to, p_newest_first) with ordinality as p(as_of, done_by, active_run_id, position);
  insert into ops.operator_actions (operator, action, subject, reason, detail)
  values (p_operator, 'BACKFILL', 'backfill ' || backfill_id, p_reason,
          jsonb_build_object('pipeline', p_pipeline, 'from', p_from, 'to', p_to, 'force', p_force, 'concurrency', p_concurrency));
  started := ops.begin_backfill(backfill_id);
  verdict := 'STARTED';
end
$$;

comment on function ops.start_backfill is 'Runs a pipeline over a range of dates, a few at a time.';
