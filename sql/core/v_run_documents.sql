-- grain: one row per run, with its whole history as one JSON document
-- requires: none
create or replace view ops.v_run_documents as
select r.run_id,
       jsonb_build_object(
         'run_id', r.run_id, 'pipeline', r.pipeline, 'kind', r.kind, 'as_of', r.as_of, 'dry_run', r.dry_run, 'forced', r.forced, 'inline', r.inline,
         'trigger_kind', r.trigger_kind, 'trigger', r.trigger, 'input', r.input, 'graph', r.graph,
         'status', r.status, 'findings', r.findings, 'error', r.error, 'code_version', r.code_version,
         'created_at', r.created_at, 'finished_at', r.finished_at,
         'jobs', coalesce((
           select jsonb_agg(jsonb_build_object(
                    'job_run_id', j.job_run_id, 'job', j.job, 'shard', j.shard, 'shard_key', j.shard_key, 'shard_input', j.shard_input, 'version', j.version, 'status', j.status,
                    'input', j.input, 'counters', j.counters, 'report', j.report, 'findings', j.findings, 'error', j.error,
                    'queued_at', j.queued_at, 'started_at', j.started_at, 'finished_at', j.finished_at,
                    'stale_inputs', j.stale_inputs,
                    'waiting', exists (select from ops.waiting_job_runs w where w.job_run_id = j.job_run_id),
                    'shards', case when j.shards is not null then (
                      select jsonb_build_object(
                               'total', j.shards, 'settled', count(*) filter (where s.finished_at is not null),
                               'succeeded', count(*) filter (where s.status = 'succeeded'), 'failed', count(*) filter (where s.status = 'failed'))
                      from ops.job_runs s where s.run_id = j.run_id and s.job = j.job and s.shard > 0) end,
                    'heartbeat_at', h.beat_at, 'progress', h.progress,
                    'attempts', coalesce((
                      select jsonb_agg(jsonb_build_object(
                               'attempt', a.attempt, 'status', a.status, 'caller', a.caller, 'request_id', a.request_id,
                               'code_version', a.code_version, 'error', a.error,
                               'started_at', a.started_at, 'finished_at', a.finished_at) order by a.attempt)
                      from ops.attempts a where a.job_run_id = j.job_run_id), '[]'))
                  order by j.queued_at, j.job, j.shard)
           from ops.job_runs j left join ops.heartbeats h using (job_run_id)
           where j.run_id = r.run_id), '[]'),
         'messages', coalesce((
           select jsonb_agg(jsonb_build_object('job', o.job, 'message', o.message, 'created_at', o.created_at, 'sent_at', o.sent_at)
                            order by o.outbox_id)
           from ops.outbox o where o.run_id = r.run_id), '[]'),
         'operator_actions', coalesce((
           select jsonb_agg(jsonb_build_object('acted_at', a.acted_at, 'operator', a.operator, 'action', a.action, 'reason', a.reason, 'detail', a.detail)
                            order by a.action_id)
           from ops.operator_actions a where a.run_id = r.run_id), '[]')
       ) as document
from ops.runs r;

comment on view ops.v_run_documents is 'One row per run: the document that GET /api/v1/runs/{run_id} answers with.';
