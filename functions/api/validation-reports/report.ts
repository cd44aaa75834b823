import * as z from 'zod';
import type { Database } from '../../core/database.ts';
import { NotFoundError } from '../../core/errors.ts';

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);

const example = z.strictObject({
  subject: z.string(),
  detail: z.string().optional(),
  evidence: z.record(z.string(), z.json()),
});

const check = z.strictObject({
  name: z.string(),
  level: z.enum(['H', 'W', 'I']),
  outcome: z.enum(['PASSED', 'WARNING', 'FAILED', 'INFORMED', 'NOT_EVALUATED']),
  /** Where the check has one value; else they are in `values`. */
  value: decimal.nullable(),
  unit: z.string(),
  comparison: z.enum(['at_most', 'at_least']).nullable(),
  /** The one in force at the time. */
  threshold: decimal.nullable(),
  values: z.record(z.string(), decimal.nullable()),
  meaning: z.string(),
  action: z.string(),
  examples: z.array(example),
});
export type Check = z.infer<typeof check>;

/** A validation as its job wrote it. */
export const report = z.strictObject({
  as_of: z.iso.date(),
  all_passed: z.boolean(),
  passed: z.int(),
  warnings: z.int(),
  failed: z.int(),
  informed: z.int(),
  not_evaluated: z.int(),
  checks: z.array(check),
  figures: z.record(z.string(), z.union([decimal, z.record(z.string(), decimal.nullable())]).nullable()),
  correlation: z.array(
    z.strictObject({
      filter: z.string(),
      measure: z.string(),
      table: decimal,
      weekly: decimal,
      rows: decimal,
      without_week: z.int(),
      equal: z.boolean(),
    }),
  ),
  performance: z.array(
    z.strictObject({ name: z.string(), milliseconds: decimal, limit_ms: z.int(), within: z.boolean() }),
  ),
});

/** Which validation it is, in front of what it found. */
export const document = z.strictObject({
  run_id: z.guid(),
  job_run_id: z.guid(),
  dry_run: z.boolean(),
  finished_at: z.string(),
  code_version: z.string(),
  ...report.shape,
});
export type Document = z.infer<typeof document>;

const found = z.strictObject({
  run_id: z.guid(),
  job_run_id: z.guid(),
  dry_run: z.boolean(),
  finished_at: z.string(),
  code_version: z.string(),
  report,
});

/** @throws NotFoundError when the run has no finished validation */
export async function readReport(database: Database, runId: string): Promise<Document> {
  const [row] = await database.sql(found)`
    select j.run_id, j.job_run_id, r.dry_run, j.finished_at, r.code_version, j.report
    from ops.job_runs j join ops.runs r using (run_id)
    where j.run_id = ${runId}::uuid and j.job = 'cabinet.validation' and j.status = 'succeeded' and j.report -> 'checks' is not null`;
  if (row === undefined) {
    throw new NotFoundError(`run ${runId} has no validation that ended`, { code: 'NO_VALIDATION' });
  }
  const { report: said, ...which } = row;
  return { ...which, ...said };
}
