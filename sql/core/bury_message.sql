-- grain: one message that its queue gave up
-- requires: ops.settle, ops.lease
-- Keeps the message and fails the job run it belongs to, unless that has moved on (newer version, settled)
-- or is being worked on. Returns what was done: BURIED, FAILED (its job run too), ALREADY.
create or replace function ops.bury_message(
  p_sqs_message_id text, p_queue text, p_body text, p_job_run_id uuid, p_version integer, p_reason text, p_detail text
) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job_run ops.job_runs;
  v_error constant jsonb := jsonb_build_object('code', p_reason, 'message', p_detail, 'queue', p_queue);
begin
  insert into ops.dead_letters (sqs_message_id, queue, body, job_run_id, reason, detail)
  values (p_sqs_message_id, p_queue, p_body, p_job_run_id, p_reason, p_detail)
  on conflict (sqs_message_id) do nothing;
  if not found then
    return 'ALREADY';
  end if;

  select * into v_job_run from ops.job_runs j where j.job_run_id = p_job_run_id for no key update;
  if not found or v_job_run.version <> p_version or v_job_run.status not in ('queued', 'running')
     or (v_job_run.status = 'running' and exists (
       select 1 from ops.heartbeats h
       where h.job_run_id = p_job_run_id and h.attempt = v_job_run.attempts and h.beat_at > clock_timestamp() - ops.lease()
     )) then
    return 'BURIED';
  end if;

  update ops.attempts set status = 'failed', error = v_error, finished_at = clock_timestamp()
  where job_run_id = p_job_run_id and status = 'running';
  update ops.job_runs set status = 'failed', error = v_error, finished_at = clock_timestamp()
  where job_run_id = p_job_run_id;
  perform ops.settle(v_job_run.run_id, v_job_run.job, v_job_run.shard, null, null);
  return 'FAILED';
end
$$;

comment on function ops.bury_message is 'Records a dead letter and ends what it leaves unfinished.';
