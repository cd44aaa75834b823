/** Many runs of the toy pipeline at once: what fails, what is worked on, what is under way. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type BackfillRequest, startBackfill, steerBackfill } from '../../functions/core/backfill.ts';
import type { Database } from '../../functions/core/database.ts';
import type { Services } from '../../functions/core/execute.ts';
import { cancelRun } from '../../functions/core/operations.ts';
import { deliver, startToy, toyJob, toyPipeline } from './toy.ts';

export const by = { operator: 'arn:aws:iam::000000000000:user/ana', reason: 'the source was late' };

/** Another beginning: no run, and nothing of one. History is kept by triggers, which are off for that long. */
export async function forgetRuns(admin: Database): Promise<void> {
  await admin.script(`
    set session_replication_role = replica;
    truncate ops.backfill_dates, ops.backfills, ops.redrive_runs, ops.redrives, ops.heartbeats, ops.attempts, ops.decisions, ops.outbox,
      ops.recorded_states, ops.waiting_job_runs, ops.operator_actions, public.toy_effects cascade;
    delete from ops.job_runs; delete from ops.runs`);
}

/** A run of the date that ended as failed, its first job with the code. */
export async function failedRun(to: Services, asOf: string, code = 'NOT_OURS'): Promise<string> {
  const run = await startToy(to.control, asOf);
  await to.control.sql`select ops.begin_attempt(${run.jobRunId}::uuid, 1, 'sqs', ${randomUUID()}, 'test')`;
  await to.control
    .sql`select ops.fail_attempt(${run.jobRunId}::uuid, 1, jsonb_build_object('code', ${code}::text, 'message', 'no'), true)`;
  // What always runs is left: it ends the run.
  await workOff(to, to.control, run.runId);
  return run.runId;
}

const waiting = z.strictObject({ id: z.uuid(), job: z.string(), version: z.int() });

/** Works every job that is queued, of the run or of all, until none is. */
export async function workOff(
  to: Services,
  admin: Database,
  runId: string | null = null,
  failing?: string,
): Promise<void> {
  for (;;) {
    const [next] = await admin.sql(waiting)`
      select j.job_run_id as id, j.job, j.version from ops.job_runs j join ops.runs r using (run_id)
      where j.status = 'queued' and r.status = 'running' and (${runId}::uuid is null or run_id = ${runId}::uuid)
      order by j.queued_at limit 1`;
    if (next === undefined) return;
    const body =
      next.job === failing
        ? toyJob(next.job, async () => {
            throw new Error('it cannot be');
          })
        : toyJob(next.job);
    await deliver(to, body, next.id, { version: next.version });
  }
}

export const oldestFirst: BackfillRequest = {
  from: '2025-03-01',
  to: '2025-03-05',
  order: 'oldest',
  concurrency: 1,
  force: false,
  stopOnFailure: false,
  input: {},
};

export async function startToyBackfill(
  operator: Database,
  over: Partial<BackfillRequest> = {},
): Promise<string> {
  const { backfillId } = await startBackfill(
    operator.sql,
    toyPipeline,
    { ...oldestFirst, ...over },
    by,
    'test',
  );
  return backfillId;
}

export const steer = (operator: Database, id: string, step: 'pause' | 'resume' | 'cancel') =>
  steerBackfill(operator.sql, id, step, by);

export const cancel = (operator: Database, runId: string) => cancelRun(operator.sql, runId, by);

const state = z.strictObject({ state: z.string() });

/** `2025-03-01 active` and so on, in the order of the backfill. */
export async function dates(admin: Database, backfillId: string): Promise<string[]> {
  const rows = await admin.sql(state)`
    select as_of || ' ' || state as state from ops.v_backfill_dates where backfill_id = ${backfillId}::uuid order by position`;
  return rows.map((row) => row.state);
}

export async function backfillStatus(admin: Database, backfillId: string): Promise<string> {
  const [row] = await admin.sql(state)`
    select concat_ws(': ', status, paused_because) as state from ops.backfills where backfill_id = ${backfillId}::uuid`;
  return row?.state ?? 'unknown';
}

/** The run that a backfill has for a date. */
export async function runOn(admin: Database, backfillId: string, asOf: string): Promise<string> {
  const [row] = await admin.sql(z.strictObject({ id: z.uuid().nullable() }))`
    select run_id as id from ops.v_backfill_dates where backfill_id = ${backfillId}::uuid and as_of = ${asOf}::date`;
  if (row?.id == null) throw new Error(`${asOf} has no run`);
  return row.id;
}
