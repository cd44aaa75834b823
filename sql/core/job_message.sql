-- grain: one message that stands for one job run
-- requires: none
-- Ids and a version, no data: functions/core/message.ts reads it.
create or replace function ops.job_message(p_run_id uuid, p_job_run_id uuid, p_job text, p_version integer) returns jsonb
  language sql stable parallel safe
  return jsonb_build_object('schema', 1, 'runId', p_run_id, 'jobRunId', p_job_run_id, 'job', p_job, 'version', p_version);

comment on function ops.job_message is 'What a queue is given for a job run.';
