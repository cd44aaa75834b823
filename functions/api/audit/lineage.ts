import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { instant } from '../../core/wire.ts';

/** Who worked a figure out: the run, its job, the attempt that did it, and with which code. */
export const lineage = z.strictObject({
  run_id: z.guid(),
  pipeline: z.string(),
  as_of: z.iso.date(),
  dry_run: z.boolean(),
  job: z.string(),
  job_run_id: z.guid(),
  status: z.string(),
  finished_at: instant.nullable(),
  attempt: z.int().nullable().describe('The last one; null when nobody took the job up.'),
  request_id: z.string().nullable().describe('Of that attempt’s invocation: its lines in the log have it.'),
  code_version: z.string().describe('Of that attempt; of the run where there was none.'),
  seal_no: z.int().nullable().describe('The seal that has how the job run ended; null while it is in none.'),
});
lineage.register(z.globalRegistry, { id: 'Lineage' });
export type Lineage = z.output<typeof lineage>;

export async function lineageOf(
  sql: Sql,
  of: { jobRunId: string } | { runId: string; job: string },
): Promise<Lineage | undefined> {
  const [jobRunId, runId, job] = 'jobRunId' in of ? [of.jobRunId, null, null] : [null, of.runId, of.job];
  const [found] = await sql(lineage)`
    select r.run_id, r.pipeline, r.as_of, r.dry_run, j.job, j.job_run_id, j.status, j.finished_at,
           a.attempt, a.request_id, coalesce(a.code_version, r.code_version) as code_version, e.seal_no::integer as seal_no
    from ops.job_runs j
    join ops.runs r on r.run_id = j.run_id
    left join ops.attempts a on a.job_run_id = j.job_run_id and a.attempt = j.attempts
    left join lateral (
      select s.state_id from ops.recorded_states s
      where s.source = 'ops.job_runs' and s.key = j.job_run_id::text order by s.state_id desc limit 1
    ) last on true
    left join ops.audit_sealed_entries e on e.source = 'ops.recorded_states' and e.key = last.state_id::text
    where j.job_run_id = ${jobRunId}::uuid or (j.run_id = ${runId}::uuid and j.job = ${job}::text)
    order by j.shard limit 1`;
  return found;
}

export const object = z.strictObject({
  name: z.string(),
  kind: z.string().nullable().describe('view, function...; null for a table.'),
  file: z.string().nullable(),
  checksum: z.string().nullable().describe('SHA-256 of the file as it was applied then.'),
  applied_at: z.string().nullable(),
});
object.register(z.globalRegistry, { id: 'SqlObject' });

/** The SQL objects of these names as they were at a moment. */
export function objectsAt(sql: Sql, names: readonly string[], at: string | null) {
  return sql(object)`
    select n.name, s.state ->> 'kind' as kind, s.state ->> 'file' as file, s.state ->> 'checksum' as checksum, s.state ->> 'applied_at' as applied_at
    from unnest(${[...names]}::text[]) with ordinality as n(name, place)
    left join lateral ops.state_at('ops.schema_objects', n.name, coalesce(${at}::timestamptz, now())) s on true
    order by n.place`;
}

export const rule = z.strictObject({
  source: z.string().describe('The table of the rule.'),
  key: z.string(),
  state: z.json().describe('The version as it was then: amount, dates, threshold.'),
  recorded_at: instant.nullable(),
});
rule.register(z.globalRegistry, { id: 'RuleVersion' });
