-- grain: none; who may do what with the ledger
-- requires: ops.v_run_documents, ops.as_of, ops.start_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt, ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.mark_sent, ops.sweep
-- The ledger's tables are written only by its functions; decisions are the one thing that a job adds itself.
revoke execute on function
  ops.start_run, ops.close_abandoned_run, ops.advance_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt,
  ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.mark_sent, ops.sweep
from public;

grant execute on function
  ops.start_run, ops.begin_attempt, ops.beat, ops.fence, ops.checkpoint_attempt,
  ops.yield_attempt, ops.complete_attempt, ops.fail_attempt, ops.bury_message, ops.take_unsent, ops.mark_sent, ops.sweep
to cuadre_jobs;
grant execute on function ops.start_run, ops.take_unsent, ops.mark_sent to cuadre_operator;

grant select on ops.v_run_documents, ops.runs, ops.job_runs, ops.attempts, ops.heartbeats, ops.decisions, ops.outbox, ops.dead_letters
to cuadre_jobs, cuadre_operator, cuadre_reader;
grant insert on ops.decisions to cuadre_jobs;
