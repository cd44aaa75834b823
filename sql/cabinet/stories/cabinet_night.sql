-- grain: one row for the run asked for
-- requires: ops.v_alerts
-- Every count is one of the run's decisions. Before and after are what the jobs saw at their own begin and end.
create or replace function ops.cabinet_night(p_run_id uuid)
  returns table (jobs jsonb, trips jsonb, leads jsonb, claims jsonb, payments jsonb, achievements jsonb, checks jsonb, alerts jsonb)
  language sql stable
as $$
  with job as materialized (
    select j.* from ops.job_runs j where j.run_id = p_run_id
  ), decided as materialized (
    select j.job, d.decision_id, d.subject, d.decision, d.reason, d.detail, d.evidence
    from job j join ops.decisions d on d.job_run_id = j.job_run_id
  ), counted as (
    select job, decision, reason, detail, count(*) as n
    from decided where job <> 'cabinet.validation' group by job, decision, reason, detail
  ), claim as materialized (
    select e.*, d.subject from decided d
    cross join lateral jsonb_to_record(d.evidence) e (claim_id integer, lead_id integer, driver_id text, lead_date date, milestone integer, amount numeric(12, 2))
    where d.job = 'cabinet.claims-reconcile' and d.decision = 'INSERTED'
  ), lead as materialized (
    select d.decision, e.* from decided d
    cross join lateral jsonb_to_record(d.evidence) e (lead_id integer, lead_date date, rule text, driver_id text, gains_link boolean, gains_driver boolean, event_repair text)
    where d.job = 'cabinet.leads-reconcile'
  ), chunk as (
    select report from job where job = 'cabinet.claims-reconcile' and report is not null order by finished_at desc limit 1
  ), staged as (
    select report from job where job = 'cabinet.leads-reconcile' and report is not null order by finished_at desc limit 1
  )
  select
    (
      select jsonb_agg(jsonb_build_object(
        'job', j.job, 'status', j.status, 'findings', j.findings, 'error', j.error,
        'decisions', coalesce((
          select jsonb_agg(jsonb_build_object('decision', c.decision, 'reason', c.reason, 'detail', c.detail, 'count', c.n)
                           order by c.n desc, c.decision, c.reason, c.detail)
          from counted c where c.job = j.job), '[]')) order by j.queued_at, j.job, j.shard)
      from job j),
    (
      select jsonb_build_object('facts_inserted', t.report -> 'facts_inserted', 'facts_updated', t.report -> 'facts_updated',
                                'facts_removed', t.report -> 'facts_removed', 'rejected', (select coalesce(sum(c.n), 0) from counted c where c.job = t.job))
      from job t where t.job = 'cabinet.trips-load' and t.report is not null),
    (
      select jsonb_build_object(
        'newly_linked', count(*) filter (where l.gains_link),
        'newly_driver_mapped', count(*) filter (where l.gains_driver),
        'events_repaired', count(l.event_repair),
        'before', (select report #> '{stages,before}' from staged),
        'after', (select report #> '{stages,after}' from staged),
        'changed', coalesce((
          select jsonb_agg(to_jsonb(c) order by c.lead_date desc, c.lead_id)
          from (
            select lead_id, lead_date, rule, driver_id, gains_link, gains_driver, event_repair from lead
            where gains_link or gains_driver or event_repair is not null
            order by lead_date desc, lead_id limit 100
          ) c), '[]'))
      from lead l),
    (
      select jsonb_build_object(
        'inserted', count(*), 'amount', coalesce(sum(c.amount), 0.00)::text,
        'by_milestone', coalesce((
          select jsonb_agg(jsonb_build_object('milestone_value', m.milestone, 'inserted', m.n, 'amount', m.amount::text) order by m.milestone)
          from (select milestone, count(*) as n, sum(amount) as amount from claim group by milestone) m), '[]'),
        'gaps_before', (select report #> '{by_milestone,before,total}' from chunk),
        'gaps_after', (select report #> '{by_milestone,after,total}' from chunk),
        'changed', coalesce((
          select jsonb_agg(to_jsonb(i) || jsonb_build_object('amount', i.amount::text) order by i.lead_date desc, i.driver_id, i.milestone_value, i.lead_id)
          from (
            select claim_id, lead_id, driver_id, lead_date, milestone as milestone_value, amount from claim
            order by lead_date desc, driver_id, milestone, lead_id limit 100
          ) i), '[]'))
      from claim c),
    (
      select jsonb_build_object('recorded', coalesce(sum(c.n), 0), 'by_reason', coalesce(jsonb_object_agg(c.reason, c.n), '{}'))
      from (select reason, count(*) as n from decided where job = 'cabinet.payments-ingest' and decision = 'RECORDED' group by reason) c),
    (
      select jsonb_build_object('recorded', count(*) filter (where decision = 'RECORDED'))
      from decided where job = 'cabinet.achievements-record'),
    (
      select jsonb_build_object(
        'passed', count(*) filter (where decision = 'PASSED'),
        'warnings', count(*) filter (where decision = 'WARNING'),
        'failed', count(*) filter (where decision = 'FAILED'),
        'not_passed', coalesce(jsonb_agg(jsonb_build_object('check', subject, 'decision', decision, 'reason', reason) order by subject)
                               filter (where decision in ('WARNING', 'FAILED')), '[]'))
      from decided where job = 'cabinet.validation'),
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'alert_id', a.alert_id::text, 'type', a.type, 'subject', a.subject, 'severity', a.severity, 'event', h.event,
        'message', a.message, 'cause', a.cause, 'action', a.action) order by a.severity desc, a.type, a.subject)
      from job j
      join ops.alert_history h on h.job_run_id = j.job_run_id and h.event in ('opened', 'reopened', 'resolved')
      join ops.v_alerts a on a.alert_id = h.alert_id), '[]');
$$;

comment on function ops.cabinet_night is 'What one run of the cabinet changed: leads, claims, payments, achievements, checks and alerts, as counts of its decisions, with the first 100 of each.';
