-- grain: one row per milestone for which a run's claims job and the gaps disagree; none when the run had no such job
-- requires: ops.v_cabinet_claims_gap_14d
-- Distinct keys, because two leads of one person and day share a claim: it closes two gaps and is inserted once.
create or replace function ops.cabinet_inserted_is_gone(p_run_id uuid)
  returns table (subject text, detail text, evidence jsonb)
  language sql stable
as $$
  with claims_job as (
    select job_run_id, report -> 'by_milestone' -> 'before_keys' as before
    from ops.job_runs
    where run_id = p_run_id and job = 'cabinet.claims-reconcile' and status = 'succeeded'
  ), inserted as (
    select milestone, count(*) as n, sum(amount) as amount
    from (
      select distinct d.evidence ->> 'person_key' as person_key, d.evidence ->> 'lead_date' as lead_date,
             (d.evidence ->> 'milestone')::integer as milestone, (d.evidence ->> 'amount')::numeric(12, 2) as amount
      from claims_job j join ops.decisions d using (job_run_id)
      where d.decision = 'INSERTED'
    ) keys
    group by milestone
  ), after as (
    select milestone_value as milestone, count(*) as n, sum(expected_amount) as amount
    from (select distinct person_key, lead_date, milestone_value, expected_amount from ops.v_cabinet_claims_gap_14d) keys
    group by milestone_value
  ), compared as (
    select m.milestone,
           (j.before -> m.milestone::text ->> 'count')::bigint - coalesce(a.n, 0) as gone,
           (j.before -> m.milestone::text ->> 'amount')::numeric - coalesce(a.amount, 0) as gone_amount,
           coalesce(i.n, 0) as inserted, coalesce(i.amount, 0) as inserted_amount
    from claims_job j
    cross join canon.cabinet_milestones m
    left join inserted i using (milestone)
    left join after a using (milestone)
  )
  select format('M%s', milestone),
         format('%s claves insertadas y %s salidas de las brechas', inserted, gone),
         jsonb_build_object('milestone', milestone, 'inserted', inserted, 'gone', gone,
                            'inserted_amount', inserted_amount::text, 'gone_amount', gone_amount::text)
  from compared
  where inserted <> gone or inserted_amount <> gone_amount;
$$;

comment on function ops.cabinet_inserted_is_gone(uuid) is
  'The claims that a run inserted are the gaps that it closed, per milestone, in number and amount.';
