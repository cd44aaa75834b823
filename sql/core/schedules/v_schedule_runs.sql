-- grain: one run that a schedule started
-- requires: none
create or replace view ops.v_schedule_runs as
select r.trigger ->> 'scheduleArn' as schedule_arn, (r.trigger ->> 'scheduledTime') as scheduled_time,
       r.run_id, r.pipeline, r.as_of, r.status, r.created_at, r.finished_at, r.trigger ->> 'degraded' as degraded
from ops.runs r
where r.trigger_kind = 'schedule';

comment on view ops.v_schedule_runs is 'Runs by the schedule and the due time that they stand for.';
