-- grain: one refresh of one materialized view, logged
-- requires: none
-- Only its owner may refresh a view, so this runs as the owner: it touches nothing but materialized views, by name.
-- What another attempt may cure (a deadlock, a lock or statement time-out) is thrown; any other error is kept in
-- the log beside the old rows, which go on being served.
create or replace function ops.refresh_materialized_view(
  p_schema text, p_name text, p_mode_reason text, p_job_run_id uuid, out refresh_id bigint, out refreshed boolean
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_started constant timestamptz := clock_timestamp();
  v_rows bigint;
  v_code text;
  v_message text;
begin
  if not exists (
    select from pg_matviews where schemaname = p_schema and matviewname = p_name and schemaname in ('canon', 'observational', 'ops')
  ) then
    raise exception '%.% is no materialized view of ours', p_schema, p_name using errcode = 'undefined_table';
  end if;
  begin
    execute format('refresh materialized view %s %I.%I', case when p_mode_reason is null then 'concurrently' else '' end, p_schema, p_name);
    -- Filled from nothing it has no statistics, and the first readers would be given plans for an empty table.
    if p_mode_reason is not null then execute format('analyze %I.%I', p_schema, p_name); end if;
    execute format('select count(*) from %I.%I', p_schema, p_name) into v_rows;
  exception
    when serialization_failure or deadlock_detected or lock_not_available then raise;
    when others then get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
  end;
  insert into ops.mv_refresh_log (
    schema_name, mv_name, status, mode, mode_reason, as_of, refresh_started_at, refresh_finished_at, duration_ms,
    rows_after_refresh, error_code, error_message, job_run_id)
  values (
    p_schema, p_name, case when v_code is null then 'OK' else 'ERROR' end, case when p_mode_reason is null then 'concurrently' else 'plain' end,
    p_mode_reason, nullif(current_setting('cuadre.as_of', true), '')::date, v_started, clock_timestamp(),
    (extract(epoch from clock_timestamp() - v_started) * 1000)::integer, v_rows, v_code, v_message, p_job_run_id)
  returning id into refresh_id;
  refreshed := v_code is null;
end
$$;

comment on function ops.refresh_materialized_view is
  'Refreshes a materialized view, concurrently unless a reason against it is given, and logs what came of it.';
