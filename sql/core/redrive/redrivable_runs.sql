-- grain: one run that matches, with what a redrive would make of it
-- requires: none
-- By ids (p_run_ids), or else by what is given of the rest: runs that failed, were queued and were to change something. What
-- was done since, by a later run of the same date and input that succeeded, is only taken up by id; so is what a person
-- cancelled, unless by its code. verdict: READY; or why not: UNKNOWN, NOT_FAILED (status says what it is), INLINE, ACTIVE
-- (other_run_id is under way for the pipeline and as-of), WAITING (in the redrive other_run_id). p_limit: null for all of them.
create or replace function ops.redrivable_runs(
  p_run_ids uuid[], p_pipeline text, p_job text, p_code text, p_failed_from timestamptz, p_failed_to timestamptz, p_limit integer
)
  returns table (
    run_id uuid, verdict text, other_run_id uuid, status text, pipeline text, kind text, as_of date, dry_run boolean,
    failed_at timestamptz, error jsonb, failed_jobs jsonb
  )
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  with asked as (
    select a.run_id, r.run_id is not null as known
    from unnest(p_run_ids) as a(run_id) left join ops.runs r using (run_id)
    where p_run_ids is not null
    union
    select r.run_id, true
    from ops.runs r
    where p_run_ids is null and r.status = 'failed' and not r.inline and not r.dry_run
      and (p_pipeline is null or r.pipeline = p_pipeline)
      and (p_failed_from is null or r.finished_at >= p_failed_from)
      and (p_failed_to is null or r.finished_at < p_failed_to)
      and (p_code is not distinct from 'CANCELLED' or r.error ->> 'code' is distinct from 'CANCELLED')
      and ((p_job is null and p_code is null) or exists (
        select from ops.job_runs j
        where j.run_id = r.run_id and j.status = 'failed'
          and (p_job is null or j.job = p_job) and (p_code is null or j.error ->> 'code' = p_code)))
      and not exists (
        select from ops.runs s
        where s.pipeline = r.pipeline and s.as_of = r.as_of and s.status = 'succeeded' and not s.dry_run
          and s.kind = r.kind and s.input = r.input and s.created_at > r.created_at
          and s.graph ?& array(select jsonb_object_keys(r.graph)))
  ), judged as (
    select a.run_id, r.status, r.pipeline, r.kind, r.as_of, r.dry_run, r.finished_at as failed_at, r.error, r.created_at,
           active.run_id as active_run_id, waits.redrive_id,
           case when not a.known then 'UNKNOWN'
                when r.status <> 'failed' then 'NOT_FAILED'
                when r.inline then 'INLINE'
                when waits.redrive_id is not null then 'WAITING'
                when active.run_id is not null then 'ACTIVE'
                else 'READY' end as verdict
    from asked a
    left join ops.runs r using (run_id)
    left join ops.redrive_runs waits on waits.run_id = a.run_id and waits.verdict is null
    left join lateral (
      select o.run_id from ops.runs o
      where o.pipeline = r.pipeline and o.as_of = r.as_of and o.status = 'running' and not o.dry_run
        and not r.dry_run and o.run_id <> r.run_id
      order by o.created_at limit 1
    ) active on true
  )
  select j.run_id, j.verdict, case j.verdict when 'WAITING' then j.redrive_id when 'ACTIVE' then j.active_run_id end,
         j.status, j.pipeline, j.kind, j.as_of, j.dry_run, j.failed_at, j.error,
         coalesce((
           select jsonb_agg(jsonb_build_object('job_run_id', f.job_run_id, 'job', f.job, 'shard', f.shard, 'status', f.status,
                                               'code', f.error ->> 'code', 'message', f.error ->> 'message') order by f.queued_at, f.job, f.shard)
           from ops.job_runs f where f.run_id = j.run_id and f.status in ('failed', 'skipped')), '[]')
  from judged j
  -- The oldest date first; of one date the newest run, which then is in the way of the others.
  order by j.verdict <> 'READY', j.as_of, j.created_at desc, j.run_id
  limit p_limit;
$$;

comment on function ops.redrivable_runs is 'Failed runs, by ids or by a filter, with what a redrive would make of each.';
