import * as z from 'zod';
import type { Sql } from './database.ts';
import { ConflictError, NotFoundError } from './errors.ts';

/** What a person may do to a run, with a name and a reason that the ledger keeps. */
export interface Operator {
  readonly operator: string;
  readonly reason: string;
}

const cancelled = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('CANCELLED'), status: z.string() }),
  z.strictObject({ verdict: z.literal('OVER'), status: z.string() }),
  z.strictObject({ verdict: z.literal('UNKNOWN'), status: z.null() }),
]);

/**
 * Ends a run that is under way. Its workers cannot commit any more; what they committed stays.
 * @throws NotFoundError UNKNOWN_RUN; ConflictError RUN_OVER
 */
export async function cancelRun(sql: Sql, runId: string, { operator, reason }: Operator): Promise<void> {
  const [row] = await sql(cancelled)`
    select verdict, status from ops.cancel_run(${runId}::uuid, ${operator}, ${reason})`;
  if (row === undefined) throw new Error('ops.cancel_run returned nothing');
  if (row.verdict === 'UNKNOWN') throw unknownRun(runId);
  if (row.verdict === 'OVER') {
    throw new ConflictError(`run ${runId} has ${row.status} already: there is nothing to cancel`, {
      code: 'RUN_OVER',
      before: { runs: [runId] },
    });
  }
}

const retried = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('RETRIED'), status: z.string(), active: z.null(), queued: z.int() }),
  z.strictObject({ verdict: z.literal('UNKNOWN'), status: z.null(), active: z.null(), queued: z.int() }),
  z.strictObject({
    verdict: z.enum(['NOT_FAILED', 'INLINE']),
    status: z.string(),
    active: z.null(),
    queued: z.int(),
  }),
  z.strictObject({ verdict: z.literal('ACTIVE'), status: z.string(), active: z.guid(), queued: z.int() }),
]);

/**
 * Takes a failed run up again, with its id, from the jobs that failed. What succeeded stays as it is.
 * @returns how many job runs were queued again
 * @throws NotFoundError UNKNOWN_RUN; ConflictError RUN_NOT_FAILED, RUN_ACTIVE, RUN_INLINE
 */
export async function retryRun(sql: Sql, runId: string, { operator, reason }: Operator): Promise<number> {
  const [row] = await sql(retried)`
    select verdict, status, active_run_id as active, queued
    from ops.retry_run(${runId}::uuid, ${operator}, ${reason})`;
  if (row === undefined) throw new Error('ops.retry_run returned nothing');
  switch (row.verdict) {
    case 'RETRIED':
      return row.queued;
    case 'UNKNOWN':
      throw unknownRun(runId);
    case 'NOT_FAILED':
      throw new ConflictError(
        row.status === 'running'
          ? `run ${runId} is under way: wait for it to end, or cancel it first`
          : `run ${runId} has succeeded: start a new one to do it again`,
        { code: 'RUN_NOT_FAILED', ...(row.status === 'running' && { before: { runs: [runId] } }) },
      );
    case 'INLINE':
      throw new ConflictError(
        `run ${runId} was done by its caller, who is gone: start it anew through POST /api/v1/runs`,
        { code: 'RUN_INLINE' },
      );
    case 'ACTIVE':
      throw new ConflictError(
        `run ${row.active} of the same pipeline and date is under way: wait for it to end, or cancel it first`,
        { code: 'RUN_ACTIVE', before: { runs: [row.active] } },
      );
  }
}

function unknownRun(runId: string): NotFoundError {
  return new NotFoundError(`there is no run ${runId}`, { code: 'UNKNOWN_RUN' });
}
