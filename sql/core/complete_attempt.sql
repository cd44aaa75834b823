-- grain: one job run that succeeded
-- requires: ops.fence, ops.settle
-- In the effect's transaction: effect, ledger and the messages that follow commit together or not at all.
-- p_joined, p_joined_findings: what the job itself reports, given by its last shard when the job has a join.
create or replace function ops.complete_attempt(
  p_job_run_id uuid, p_attempt integer, p_report json, p_findings integer, p_joined json default null, p_joined_findings integer default null
) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run_id uuid;
  v_job text;
  v_shard integer;
begin
  perform ops.fence(p_job_run_id, p_attempt);
  update ops.attempts set status = 'succeeded', finished_at = clock_timestamp()
  where job_run_id = p_job_run_id and attempt = p_attempt;
  update ops.job_runs
  set status = 'succeeded', report = p_report, findings = p_findings, finished_at = clock_timestamp(),
      counters = (
        select coalesce(jsonb_agg(jsonb_build_object('decision', decision, 'reason', reason, 'detail', detail, 'count', n)
                                  order by decision, reason, detail), '[]')
        from (
          select decision, reason, detail, count(*) as n
          from ops.decisions where job_run_id = p_job_run_id
          group by decision, reason, detail
        ) counted
      )
  where job_run_id = p_job_run_id
  returning run_id, job, shard into v_run_id, v_job, v_shard;
  perform ops.settle(v_run_id, v_job, v_shard, p_joined, p_joined_findings);
end
$$;

comment on function ops.complete_attempt is 'Settles a job run as succeeded and moves its run on.';
