import * as z from 'zod';
import { json, type Sql } from './database.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import type { JsonObject } from './job.ts';
import type { Operator } from './operations.ts';
import { instant } from './wire.ts';

/** Which failed runs: by id, or by what is given of the rest. */
export interface RedriveFilter {
  readonly runs?: readonly string[] | undefined;
  readonly pipeline?: string | undefined;
  readonly job?: string | undefined;
  /** Error code of a failed job. */
  readonly code?: string | undefined;
  readonly failedFrom?: string | undefined;
  readonly failedTo?: string | undefined;
  readonly limit: number;
}

const failedJob = z.strictObject({
  job_run_id: z.guid(),
  job: z.string(),
  shard: z.int(),
  status: z.enum(['failed', 'skipped']),
  code: z.string().nullable(),
  message: z.string().nullable(),
});

const candidate = z.strictObject({
  run_id: z.guid(),
  verdict: z.enum(['READY', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'WAITING']),
  other_run_id: z.guid().nullable(),
  status: z.string().nullable(),
  pipeline: z.string().nullable(),
  kind: z.string().nullable(),
  as_of: z.iso.date().nullable(),
  dry_run: z.boolean().nullable(),
  failed_at: instant.nullable(),
  error: z.json(),
  failed_jobs: z.array(failedJob),
});
export type Candidate = z.infer<typeof candidate>;

/** Ready ones first, the oldest date first. Changes nothing. */
export function findRedrivable(sql: Sql, filter: RedriveFilter): Promise<Candidate[]> {
  const { runs, pipeline, job, code, failedFrom, failedTo, limit } = filter;
  return sql(candidate)`
    select run_id, verdict, other_run_id, status, pipeline, kind, as_of, dry_run, failed_at, error, failed_jobs
    from ops.redrivable_runs(${runs ?? null}::uuid[], ${pipeline ?? null}, ${job ?? null}, ${code ?? null},
      ${failedFrom ?? null}::timestamptz, ${failedTo ?? null}::timestamptz, ${limit})`;
}

const counted = z.strictObject({ matched: z.int() });

/** How many there are, whatever the limit. */
export async function countRedrivable(sql: Sql, filter: RedriveFilter): Promise<number> {
  const { runs, pipeline, job, code, failedFrom, failedTo } = filter;
  const [row] = await sql(counted)`
    select count(*)::integer as matched
    from ops.redrivable_runs(${runs ?? null}::uuid[], ${pipeline ?? null}, ${job ?? null}, ${code ?? null},
      ${failedFrom ?? null}::timestamptz, ${failedTo ?? null}::timestamptz, null)`;
  if (row === undefined) throw new Error('a count returned no row');
  return row.matched;
}

const begun = z.strictObject({ redrive_id: z.guid().nullable() });

/** Null when nothing could be taken up: nothing is recorded then. */
export async function startRedrive(
  sql: Sql,
  filter: RedriveFilter,
  ratePerMinute: number,
  { operator, reason }: Operator,
): Promise<string | null> {
  const { runs, pipeline, job, code, failedFrom, failedTo, limit } = filter;
  const asked: JsonObject = JSON.parse(JSON.stringify(filter));
  const [row] = await sql(begun)`
    select ops.start_redrive(${runs ?? null}::uuid[], ${pipeline ?? null}, ${job ?? null}, ${code ?? null},
      ${failedFrom ?? null}::timestamptz, ${failedTo ?? null}::timestamptz, ${limit}, ${json(asked)}, ${ratePerMinute},
      ${operator}, ${reason}) as redrive_id`;
  return row?.redrive_id ?? null;
}

const item = z.strictObject({
  run_id: z.guid(),
  verdict: z.enum(['RETRIED', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'CANCELLED']).nullable(),
  other_run_id: z.guid().nullable(),
  status: z.string(),
});
/** A run of a redrive: what became of it when its turn came, null while it waits. */
export type Item = z.infer<typeof item>;

export function readItems(sql: Sql, redriveId: string): Promise<Item[]> {
  return sql(item)`
    select i.run_id, i.verdict, i.other_run_id, r.status
    from ops.redrive_runs i join ops.runs r using (run_id)
    where i.redrive_id = ${redriveId}::uuid order by i.position`;
}

type Judged = Pick<Candidate, 'run_id' | 'other_run_id' | 'status'> & {
  readonly verdict: Candidate['verdict'] | NonNullable<Item['verdict']>;
};

/** What is to be done about a run that cannot be taken up; null of one that can, or was. */
export function refusalOf({ verdict, run_id, status, other_run_id }: Judged): string | null {
  switch (verdict) {
    case 'READY':
    case 'RETRIED':
      return null;
    case 'CANCELLED':
      return `run ${run_id} was kept back: somebody cancelled the redrive meanwhile`;
    case 'UNKNOWN':
      return `there is no run ${run_id}`;
    case 'NOT_FAILED':
      return status === 'running'
        ? `run ${run_id} is under way: wait for it to end, or cancel it first`
        : `run ${run_id} has succeeded: start a new one to do it again`;
    case 'INLINE':
      return `run ${run_id} was done by its caller, who is gone: start it anew`;
    case 'ACTIVE':
      return `run ${other_run_id} of the same pipeline and date is under way: wait for it to end, or cancel it first`;
    case 'WAITING':
      return `run ${run_id} waits in redrive ${other_run_id} already`;
  }
}

const cancelled = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('CANCELLED'), status: z.string(), kept_back: z.int() }),
  z.strictObject({ verdict: z.literal('OVER'), status: z.string(), kept_back: z.int() }),
  z.strictObject({ verdict: z.literal('UNKNOWN'), status: z.null(), kept_back: z.int() }),
]);

/**
 * @returns how many runs were kept back; what was taken up goes on
 * @throws NotFoundError UNKNOWN_REDRIVE; ConflictError REDRIVE_OVER
 */
export async function cancelRedrive(
  sql: Sql,
  redriveId: string,
  { operator, reason }: Operator,
): Promise<number> {
  const [row] = await sql(cancelled)`
    select verdict, status, kept_back from ops.cancel_redrive(${redriveId}::uuid, ${operator}, ${reason})`;
  if (row === undefined) throw new Error('ops.cancel_redrive returned nothing');
  if (row.verdict === 'UNKNOWN') {
    throw new NotFoundError(`there is no redrive ${redriveId}`, { code: 'UNKNOWN_REDRIVE' });
  }
  if (row.verdict === 'OVER') {
    throw new ConflictError(
      `redrive ${redriveId} is ${row.status} already: cancel the runs that you do not want`,
      { code: 'REDRIVE_OVER' },
    );
  }
  return row.kept_back;
}
