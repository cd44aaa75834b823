-- grain: one message that follows from a job run that succeeded: whoever commits it sends it
-- requires: ops.settle, ops.own_unsent
-- In the effect's transaction: effect, ledger and the messages that follow commit together or not at all.
-- ops.fence in the two rows that are written here anyway: the job run's before the attempt's, as everywhere.
-- p_joined, p_joined_findings: what the job itself reports, given by its last shard when the job has a join.
create or replace function ops.complete_attempt(
  p_job_run_id uuid, p_attempt integer, p_report json, p_findings integer, p_joined json default null, p_joined_findings integer default null
) returns table (outbox_id bigint, job text, message jsonb)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_run_id uuid;
  v_job text;
  v_shard integer;
  v_counters jsonb := '[]';
begin
  -- Asked for before they are counted: most job runs have none, and what counts them takes longer to set up than to run.
  if exists (select from ops.decisions d where d.job_run_id = p_job_run_id) then
    select jsonb_agg(jsonb_build_object('decision', decision, 'reason', reason, 'detail', detail, 'count', n) order by decision, reason, detail)
      into v_counters
    from (
      select d.decision, d.reason, d.detail, count(*) as n
      from ops.decisions d where d.job_run_id = p_job_run_id
      group by d.decision, d.reason, d.detail
    ) counted;
  end if;
  update ops.job_runs j
  set status = 'succeeded', report = p_report, findings = p_findings, finished_at = clock_timestamp(),
      counters = v_counters
  where j.job_run_id = p_job_run_id and j.status = 'running' and j.attempts = p_attempt
  returning j.run_id, j.job, j.shard into v_run_id, v_job, v_shard;
  if found then
    update ops.attempts a set status = 'succeeded', finished_at = clock_timestamp()
    where a.job_run_id = p_job_run_id and a.attempt = p_attempt and a.status = 'running';
  end if;
  if not found then
    raise exception 'attempt % of job run % was superseded', p_attempt, p_job_run_id using errcode = 'CU001';
  end if;
  perform ops.settle(v_run_id, v_job, v_shard, p_joined, p_joined_findings);
  return query select m.outbox_id, m.job, m.message from ops.own_unsent() m;
end
$$;

comment on function ops.complete_attempt is 'Settles a job run as succeeded and moves its run on.';
