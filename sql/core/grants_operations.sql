-- grain: none; who may redrive and backfill, and who sees it
-- requires: ops.redrivable_runs, ops.start_redrive, ops.release_redrive, ops.release_redrives, ops.cancel_redrive, ops.v_redrives, ops.plan_backfill, ops.start_backfill, ops.begin_backfill, ops.advance_backfill, ops.advance_backfills, ops.steer_backfill, ops.v_backfill_dates, ops.v_backfills, ops.sweep
revoke execute on function
  ops.start_redrive, ops.release_redrive, ops.release_redrives, ops.cancel_redrive,
  ops.start_backfill, ops.begin_backfill, ops.advance_backfill, ops.advance_backfills, ops.steer_backfill, ops.backfill_goes_on
from public;

grant execute on function ops.release_redrives, ops.advance_backfills to cuadre_jobs;
-- An operator may sweep by hand: it is harmless at any time.
grant execute on function
  ops.start_redrive, ops.cancel_redrive, ops.start_backfill, ops.steer_backfill, ops.release_redrives, ops.advance_backfills, ops.sweep
to cuadre_operator;

grant select on ops.redrives, ops.redrive_runs, ops.v_redrives, ops.backfills, ops.backfill_dates, ops.v_backfills, ops.v_backfill_dates
to cuadre_jobs, cuadre_operator, cuadre_reader;
