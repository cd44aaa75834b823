-- grain: one row per decision of a run
-- requires: none
create or replace view ops.v_decisions as
select
  d.decision_id, r.as_of, r.dry_run, r.run_id, j.job, coalesce(j.finished_at, j.started_at) as decided_at,
  d.subject, d.decision, d.reason, d.detail, d.evidence
from ops.decisions d
join ops.job_runs j on j.job_run_id = d.job_run_id
join ops.runs r on r.run_id = j.run_id;

comment on view ops.v_decisions is 'Decisions with the run that made them. Filter by subject, e.g. lead:792 or lead:792/M1.';
