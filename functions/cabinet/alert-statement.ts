import * as z from 'zod';
import type { Sql } from '../core/database.ts';

const triggered = z.strictObject({
  type: z.string(),
  subject: z.string(),
  severity: z.enum(['info', 'warning', 'error', 'critical']),
  current: z.string().nullable(),
  threshold: z.string(),
  days_threshold: z.int().nullable(),
  message: z.string(),
  cause: z.string(),
  action: z.string(),
  effect: z.string(),
});

const evaluation = z.strictObject({
  evaluated: z.int(),
  triggered: z.int(),
  quiet: z.int(),
  not_evaluated: z.int(),
  snapshots_added: z.int(),
  stats: z.record(z.string(), z.string().nullable()),
  alerts: z.array(triggered),
});

/**
 * One statement and one snapshot: measures, keeps the figures, holds each against the threshold in force, moves the
 * alerts on, and files a decision per threshold and subject. docs/cabinet-alerts.md, "The job".
 */
export async function evaluateAlerts(
  sql: Sql,
  { asOf, dryRun, jobRunId }: { asOf: string; dryRun: boolean; jobRunId: string },
): Promise<z.infer<typeof evaluation>> {
  const [row] = await sql(evaluation)`
    with measured as materialized (
      select metric, subject, value from ops.v_cabinet_metrics
    ), snapshots as (
      insert into ops.metric_snapshots (as_of, metric, subject, value, job_run_id)
      select ${asOf}::date, m.metric, m.subject, m.value, ${jobRunId}::uuid
      from measured m
      left join ops.v_metric_snapshots s on s.as_of = ${asOf}::date and s.metric = m.metric and s.subject = m.subject
      where not ${dryRun}::boolean and (s.as_of is null or s.value is distinct from m.value)
      order by m.metric, m.subject
      returning 1
    ), compared as (
      select
        r.*, m.subject, m.value, base.as_of as baseline_as_of, base.value as baseline, days.held,
        case when r.measure = 'value' then m.value else round(100 * (m.value - base.value) / nullif(base.value, 0), 2) end as current,
        -- Growth is compared without dividing: from nothing to something passes every percentage, and nothing is rounded.
        case r.measure
          when 'value' then ops.passes(m.value, r.comparison, r.threshold)
          else ops.passes(100 * m.value, r.comparison, (100 + r.threshold) * base.value)
        end as holds,
        case r.measure
          when 'value' then ops.passes(m.value, r.comparison, r.escalated_threshold)
          else ops.passes(100 * m.value, r.comparison, (100 + r.escalated_threshold) * base.value)
        end as escalates
      from ops.v_alert_rules_in_force r
      join measured m on m.metric = r.metric
      left join lateral (
        select s.as_of, s.value from ops.v_metric_snapshots s
        where r.measure = 'week_over_week' and s.metric = m.metric and s.subject = m.subject
          and s.as_of between ${asOf}::date - 13 and ${asOf}::date - 7
        order by s.as_of desc limit 1
      ) base on true
      left join lateral (
        select count(*) filter (where ops.passes(each.value, r.comparison, r.threshold)) as held
        from (
          select m.value
          union all
          (select s.value from ops.v_metric_snapshots s
           where s.metric = m.metric and s.subject = m.subject and s.as_of < ${asOf}::date
           order by s.as_of desc limit r.persistent_days - 1)
        ) each
      ) days on r.persistent_days is not null
    ), standing as (
      select alert_id, type, subject, status, severity, alert_rule_id, last_as_of, value, threshold, details
      from ops.alerts where status <> 'resolved'
    ), judged as (
      select
        coalesce(c.type, a.type) as type, coalesce(c.subject, a.subject) as subject,
        c.alert_rule_id, c.version, c.comparison, c.threshold, c.persistent_days, c.cause, c.action, c.current, c.value,
        case
          when c.type is null then 'NO_LONGER_MEASURED'
          when not c.enabled then 'RULE_DISABLED'
          when c.value is null then 'NO_VALUE'
          when c.measure = 'week_over_week' and c.baseline is null then 'NO_BASELINE'
        end as not_evaluated,
        c.holds,
        case when c.escalates or c.held = c.persistent_days then c.escalated_severity else c.severity end as severity,
        format('%s: %s %s %s', c.type, coalesce(c.current::text, c.value::text),
               case c.comparison when 'above' then '>' when 'below' then '<' else '>=' end, c.threshold)
          || case when c.measure = 'week_over_week' then format(' %% (%s, antes %s)', c.value, c.baseline) else '' end
          || case when c.persistent_days is not null then format(' (%s de %s días)', c.held, c.persistent_days) else '' end as message,
        jsonb_strip_nulls(jsonb_build_object(
          'current', c.current::text, 'threshold', c.threshold::text, 'comparison', c.comparison, 'measure', c.measure,
          'rule_version', c.version, 'metric', c.metric, 'value', c.value::text,
          'baseline', c.baseline::text, 'baseline_as_of', c.baseline_as_of,
          'days', c.held, 'days_threshold', c.persistent_days, 'window_runs', c.window_runs,
          'total_leads', case when c.metric like 'limbo%' then (select value::text from measured where metric = 'limbo_total_leads') end,
          'with_identity', case when c.metric like 'limbo%identity' then (select value::text from measured where metric = 'limbo_with_identity') end
        )) as details,
        a.alert_id, a.status as stands, a.severity as stood_severity, a.last_as_of, a.details as stood_details,
        a.alert_rule_id as stood_rule
      from compared c full join standing a on a.type = c.type and a.subject = c.subject
    ), moved as materialized (
      select *,
        case
          when not_evaluated in ('NO_VALUE', 'NO_BASELINE') then null
          -- A day that is run again long after says nothing of how things stand now.
          when exists (select from ops.metric_snapshots where as_of > ${asOf}::date) then case when holds or alert_id is not null then 'NEWER_DATE_EVALUATED' end
          when not_evaluated is not null or not holds then case when alert_id is not null then 'RESOLVED' end
          when alert_id is null then 'OPENED'
          when stands = 'acknowledged' and severity > stood_severity then 'REOPENED'
          when (severity, last_as_of, details, alert_rule_id) is distinct from (stood_severity, ${asOf}::date, stood_details, stood_rule) then 'UPDATED'
          else 'UNCHANGED'
        end as effect
      from judged
    ), opened as (
      insert into ops.alerts (type, subject, severity, alert_rule_id, value, threshold, message, details, opened_as_of, last_as_of, job_run_id)
      select type, subject, severity, alert_rule_id, coalesce(current, value), threshold, message, details, ${asOf}::date, ${asOf}::date, ${jobRunId}::uuid
      from moved where effect = 'OPENED' and not ${dryRun}::boolean
      order by type, subject
    ), updated as (
      update ops.alerts a
      set status = case when m.effect = 'REOPENED' then 'open' else a.status end,
          severity = m.severity, alert_rule_id = m.alert_rule_id, value = coalesce(m.current, m.value), threshold = m.threshold,
          message = m.message, details = m.details, last_as_of = ${asOf}::date, job_run_id = ${jobRunId}::uuid
      from moved m
      where a.alert_id = m.alert_id and m.effect in ('UPDATED', 'REOPENED') and not ${dryRun}::boolean
    ), resolved as (
      update ops.alerts a
      set status = 'resolved', resolved_as_of = ${asOf}::date, resolved_at = clock_timestamp(), job_run_id = ${jobRunId}::uuid
      from moved m
      where a.alert_id = m.alert_id and m.effect = 'RESOLVED' and not ${dryRun}::boolean
    ), verdict as materialized (
      select *,
        type || case when subject = 'cabinet' then '' else '/' || subject end as named,
        case when not_evaluated is not null then 'NOT_EVALUATED' when holds then 'TRIGGERED' else 'QUIET' end as decision,
        case when ${dryRun}::boolean and effect in ('OPENED', 'UPDATED', 'REOPENED', 'RESOLVED') then 'WOULD_BE_' || effect else effect end as told
      from moved
    ), filed as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select ${jobRunId}::uuid, named, decision, coalesce(not_evaluated, told),
             case when decision = 'TRIGGERED' then severity::text when not_evaluated is not null then told end,
             details || jsonb_strip_nulls(jsonb_build_object('alert_id', alert_id))
      from verdict
      order by named
    )
    select
      count(*)::integer as evaluated,
      count(*) filter (where decision = 'TRIGGERED')::integer as triggered,
      count(*) filter (where decision = 'QUIET')::integer as quiet,
      count(*) filter (where decision = 'NOT_EVALUATED')::integer as not_evaluated,
      (select count(*)::integer from snapshots) as snapshots_added,
      (select jsonb_object_agg(metric, value::text) from measured where subject = 'cabinet') as stats,
      coalesce(jsonb_agg(jsonb_build_object(
        'type', type, 'subject', subject, 'severity', severity, 'current', coalesce(current, value)::text, 'threshold', threshold::text,
        'days_threshold', persistent_days, 'message', message, 'cause', cause, 'action', action, 'effect', told)
        order by severity desc, named) filter (where decision = 'TRIGGERED'), '[]') as alerts
    from verdict`;
  if (row === undefined) throw new Error('an aggregate without groups returned no row');
  return row;
}
