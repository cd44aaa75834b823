-- grain: one row per rule for which a run's leads job and the links disagree; none when the run had no such job
-- requires: none
-- A link that somebody undid since still counts: the job did make it.
create or replace function ops.cabinet_links_of_run(p_run_id uuid)
  returns table (subject text, detail text, evidence jsonb)
  language sql stable
as $$
  with leads_job as (
    select job_run_id from ops.job_runs where run_id = p_run_id and job = 'cabinet.leads-reconcile' and status = 'succeeded'
  ), said as (
    select d.detail as rule, count(*) as n
    from leads_job j join ops.decisions d using (job_run_id)
    where d.decision = 'MATCHED' and (d.evidence ->> 'gains_link')::boolean
    group by d.detail
  ), made as (
    select match_rule as rule, count(*) as n
    from (
      select l.match_rule from leads_job j join canon.identity_links l on l.job_run_id = j.job_run_id
      where l.source_table = 'module_ct_cabinet_leads'
      union all
      select u.link ->> 'match_rule' from leads_job j join canon.identity_link_undos u on u.link ->> 'job_run_id' = j.job_run_id::text
      where u.source_table = 'module_ct_cabinet_leads'
    ) link
    group by match_rule
  )
  select format('rule:%s', rule),
         format('la corrida dice %s vínculos y hay %s', coalesce(said.n, 0), coalesce(made.n, 0)),
         jsonb_build_object('rule', rule, 'said', coalesce(said.n, 0), 'made', coalesce(made.n, 0))
  from said full join made using (rule)
  where said.n is distinct from made.n;
$$;

comment on function ops.cabinet_links_of_run(uuid) is 'The links of a run are, rule by rule, as many as its leads job says it made.';
