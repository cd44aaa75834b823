-- grain: none; who may do what with the ledger
-- requires: ops.v_run_documents, ops.as_of, ops.start_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt, ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.own_unsent, ops.mark_sent, ops.sweep, ops.cancel_run, ops.retry_run
-- The ledger's tables are written only by its functions; decisions are the one thing that a job adds itself.
revoke execute on function
  ops.start_run, ops.close_abandoned_run, ops.advance_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt,
  ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.own_unsent, ops.mark_sent, ops.sweep, ops.cancel_run, ops.retry_run
from public;

grant execute on function
  ops.start_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt,
  ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.own_unsent, ops.mark_sent, ops.sweep
to cuadre_jobs;
grant execute on function ops.start_run, ops.take_unsent, ops.mark_sent, ops.cancel_run, ops.retry_run to cuadre_operator;

grant select on ops.v_run_documents, ops.runs, ops.job_runs, ops.attempts, ops.heartbeats, ops.decisions, ops.outbox, ops.dead_letters, ops.operator_actions
to cuadre_jobs, cuadre_operator, cuadre_reader;
grant insert on ops.decisions to cuadre_jobs;
