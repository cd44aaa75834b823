-- grain: none; who may do what with shards and limits
-- requires: ops.split_attempt, ops.last_shard, ops.dispatch, ops.dispatch_held, ops.release, ops.release_key, ops.settle, ops.join_shards, ops.joined_counters, ops.joined_report, ops.last_success, ops.skip_error, ops.stale_inputs
revoke execute on function
  ops.split_attempt, ops.last_shard, ops.dispatch, ops.dispatch_held, ops.release, ops.release_key, ops.settle, ops.join_shards, ops.joined_counters, ops.joined_report,
  ops.last_success, ops.skip_error, ops.stale_inputs
from public;
grant execute on function ops.split_attempt, ops.last_shard to cuadre_jobs;
grant select on ops.waiting_job_runs to cuadre_jobs, cuadre_operator, cuadre_reader;
