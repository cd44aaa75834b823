import * as z from 'zod';
import { json, type Sql } from '../../core/database.ts';
import type { Trace } from '../../core/figures.ts';
import { type Lineage, rule } from './lineage.ts';

export const tracedRow = z.strictObject({
  source: z.string().describe('The table.'),
  key: z.string(),
  subject: z.string(),
  decision: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  evidence: z.json(),
  seal_no: z.int().nullable().describe('The seal that has the row; null while it is in none.'),
});
tracedRow.register(z.globalRegistry, { id: 'TracedRow' });
type TracedRow = z.output<typeof tracedRow>;

export interface Page {
  /** The key of the last row of the page before. */
  readonly after: string;
  readonly limit: number;
}

export interface Traced {
  /** What the rows give, to compare with the figure. */
  readonly value: unknown;
  readonly total: number;
  readonly rows: readonly TracedRow[];
}

const totals = z.strictObject({
  total: z.int(),
  sum: z.string(),
  first: z.string().nullable(),
  last: z.string().nullable(),
});

type Decisions = Extract<Trace, { from: 'decisions' | 'extent' }>;

export async function tracedDecisions(
  sql: Sql,
  { job_run_id }: Lineage,
  trace: Decisions,
  { after, limit }: Page,
): Promise<Traced> {
  const filter = json({ ...trace.filter });
  const sum = trace.from === 'decisions' ? (trace.sum ?? null) : null;
  const extent = trace.from === 'extent' ? trace.of : null;
  const [all] = await sql(totals)`
    select count(*)::integer as total, coalesce(sum((evidence ->> ${sum}::text)::numeric), 0)::text as sum,
           max(evidence ->> ${extent}::text) as first, min(evidence ->> ${extent}::text) as last
    from ops.decisions_of_figure(${job_run_id}::uuid, ${filter})`;
  if (all === undefined) throw new Error('a count without groups returned no row');
  const rows = await sql(tracedRow)`
    select 'ops.decisions' as source, d.decision_id::text as key, d.subject, d.decision, d.reason, d.detail, d.evidence, e.seal_no::integer as seal_no
    from ops.decisions_of_figure(${job_run_id}::uuid, ${filter}) d
    left join ops.audit_sealed_entries e on e.source = 'ops.decisions' and e.key = d.decision_id::text
    where d.decision_id > ${after}::bigint
    order by d.decision_id limit ${limit}`;
  const value =
    trace.from === 'extent'
      ? [all.first, all.last]
      : trace.any
        ? all.total > 0
        : sum === null
          ? all.total
          : all.sum;
  return { value, total: all.total, rows };
}

const withColumn = z.strictObject({ ...tracedRow.shape, value: z.string().nullable(), total: z.int() });

type Rows = Extract<Trace, { from: 'rows' }>;

/** Of a metric the snapshot in force then: a run that finds the same value again adds none. */
export async function tracedRows(
  sql: Sql,
  { job_run_id, as_of, finished_at }: Lineage,
  { relation, where, column }: Rows,
  { after, limit }: Page,
): Promise<Traced> {
  const sought = json({ ...where });
  const found =
    relation === 'ops.check_values'
      ? await sql(withColumn)`
          select ${relation} as source, v.check_value_id::text as key, v.name || '/' || v.subject as subject, v.outcome as decision,
                 null as reason, null as detail, to_jsonb(v) - 'xact_id' as evidence, e.seal_no::integer as seal_no,
                 v.value::text as value, count(*) over ()::integer as total
          from ops.check_values v
          left join ops.audit_sealed_entries e on e.source = ${relation} and e.key = v.check_value_id::text
          where v.job_run_id = ${job_run_id}::uuid and to_jsonb(v) @> ${sought}
          order by v.check_value_id`
      : relation === 'ops.metric_snapshots'
        ? await sql(withColumn)`
            select ${relation} as source, m.snapshot_id::text as key, m.metric || '/' || m.subject as subject, null as decision,
                   null as reason, null as detail, to_jsonb(m) - 'xact_id' as evidence, e.seal_no::integer as seal_no,
                   m.value::text as value, count(*) over ()::integer as total
            from ops.metric_snapshots m
            left join ops.audit_sealed_entries e on e.source = ${relation} and e.key = m.snapshot_id::text
            where to_jsonb(m) @> ${sought}
              and case when ${column ?? null}::text is null then m.job_run_id = ${job_run_id}::uuid
                       else m.snapshot_id = (
                         select max(s.snapshot_id) from ops.metric_snapshots s
                         where s.as_of = ${as_of}::date and s.metric = m.metric and s.subject = m.subject
                           and s.measured_at <= coalesce(${finished_at}::timestamptz, 'infinity')) end
            order by m.snapshot_id`
        : await sql(withColumn)`
            select ${relation} as source, u.upload_id::text as key, u.dataset as subject, null as decision, null as reason, null as detail,
                   to_jsonb(u) - 'xact_id' as evidence, e.seal_no::integer as seal_no,
                   to_jsonb(u) ->> ${column ?? ''}::text as value, count(*) over ()::integer as total
            from ops.uploads u
            left join ops.audit_sealed_entries e on e.source = ${relation} and e.key = u.upload_id::text
            where u.job_run_id = ${job_run_id}::uuid`;
  const total = found[0]?.total ?? 0;
  const rows = found.map(({ value: _value, total: _total, ...row }) => row);
  const from = after === '0' ? 0 : rows.findIndex(({ key }) => key === after) + 1;
  return {
    value: column === undefined ? total : (found[0]?.value ?? null),
    total,
    rows: rows.slice(from, from + limit),
  };
}

/** The versions of the rules that the rows name, as they were when the job ended. */
export function rulesOf(
  sql: Sql,
  { job_run_id, finished_at, as_of }: Lineage,
  filter: Decisions['filter'] | null,
  check: string | null,
) {
  return sql(rule)`
    with named as (
      select distinct 'ops.partner_payment_rules' as source, evidence ->> 'rule_id' as key
      from ops.decisions_of_figure(${job_run_id}::uuid, ${json({ ...filter })}) where ${filter !== null}::boolean
      union
      select 'ops.alert_rules', r.alert_rule_id::text
      from ops.decisions_of_figure(${job_run_id}::uuid, ${json({ ...filter })}) d
      join ops.alert_rules r on r.type = split_part(d.subject, '/', 1) and r.version::text = d.evidence ->> 'rule_version'
      where ${filter !== null}::boolean
      union
      select 'canon.normaliser_version', evidence ->> 'normaliser_version'
      from ops.decisions_of_figure(${job_run_id}::uuid, ${json({ ...filter })}) where ${filter !== null}::boolean
    )
    select n.source, n.key, coalesce(s.state, 'null') as state, s.changed_at as recorded_at
    from named n
    left join lateral ops.state_at(n.source, n.key, coalesce(${finished_at}::timestamptz, now())) s on true
    where n.key is not null
    union all
    (select 'ops.check_thresholds', t.check_threshold_id::text, to_jsonb(t) - 'xact_id', t.created_at
     from ops.check_thresholds t
     where t.name = ${check}::text and t.valid_from <= ${as_of}::date and t.created_at <= coalesce(${finished_at}::timestamptz, now())
     order by t.valid_from desc, t.check_threshold_id desc limit 1)
    order by 1, 2`;
}
