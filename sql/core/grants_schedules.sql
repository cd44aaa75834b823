-- grain: none; who may do what with schedules
-- requires: ops.know_schedule, ops.pause_schedule, ops.schedule_applied, ops.schedule_paused_at, ops.schedule_key, ops.account_for, ops.schedule_restarts, ops.record_schedule_event, ops.source_ready, ops.v_schedule_runs
-- Written only by these functions: the planner and the sweeper tell what happened, the operator pauses and resumes.
revoke execute on function
  ops.know_schedule, ops.pause_schedule, ops.schedule_applied, ops.schedule_paused_at, ops.schedule_key, ops.account_for,
  ops.schedule_restarts, ops.record_schedule_event, ops.source_ready
from public;

grant execute on function ops.know_schedule, ops.schedule_applied to cuadre_jobs, cuadre_operator;
grant execute on function ops.account_for, ops.schedule_restarts, ops.record_schedule_event, ops.source_ready to cuadre_jobs;
grant execute on function ops.pause_schedule to cuadre_operator;

grant select on ops.schedules, ops.schedule_events, ops.v_schedule_runs to cuadre_jobs, cuadre_operator, cuadre_reader;
