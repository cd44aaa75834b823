-- grain: one row per decision of a job run, and of its shards, that a figure of its report counts
-- requires: none
-- p_filter: {decisions, reasons, details, subjects, notSubjects: [text], evidence: {key: value}, has: key}; what it lacks is not asked.
create or replace function ops.decisions_of_figure(p_job_run_id uuid, p_filter jsonb)
  returns table (decision_id bigint, subject text, decision text, reason text, detail text, evidence jsonb)
  language sql stable
begin atomic
  select d.decision_id, d.subject, d.decision, d.reason, d.detail, d.evidence
  from ops.job_runs j
  join ops.job_runs part on part.run_id = j.run_id and part.job = j.job and (j.shard = 0 or part.job_run_id = j.job_run_id)
  join ops.decisions d on d.job_run_id = part.job_run_id
  where j.job_run_id = p_job_run_id
    and (p_filter -> 'decisions' is null or p_filter -> 'decisions' ? d.decision)
    and (p_filter -> 'reasons' is null or p_filter -> 'reasons' ? d.reason)
    and (p_filter -> 'details' is null or p_filter -> 'details' ? d.detail)
    and (p_filter -> 'subjects' is null or p_filter -> 'subjects' ? d.subject)
    and (p_filter -> 'notSubjects' is null or not p_filter -> 'notSubjects' ? d.subject)
    and (p_filter -> 'evidence' is null or d.evidence @> (p_filter -> 'evidence'))
    and (p_filter -> 'has' is null or nullif(d.evidence -> (p_filter ->> 'has'), 'null') is not null);
end;

comment on function ops.decisions_of_figure is 'The decisions that a figure counts, by the filter that the job''s file declares for it. A job that splits itself decides in its shards.';
