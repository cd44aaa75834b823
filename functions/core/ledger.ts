import * as z from 'zod';
import { type Database, json, type Sql } from './database.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import type { Json, JsonObject } from './job.ts';
import { type Unsent, unsent } from './outbox.ts';
import type { Graph } from './pipeline.ts';

/** Typed calls of the functions in sql/core, which hold the rules: nothing is decided here. */

export type Caller = 'sqs' | 'inline';

export interface RunRequest {
  readonly pipeline: string;
  readonly kind: 'pipeline' | 'job';
  readonly asOf: string;
  readonly dryRun: boolean;
  readonly inline: boolean;
  readonly trigger: {
    readonly kind: 'schedule' | 'invoke' | 'api' | 'cli';
    readonly key: string;
    readonly detail: JsonObject;
  };
  /** Digest of what was asked: the same key with another digest is refused. */
  readonly digest: string;
  readonly input: JsonObject;
  readonly graph: Graph;
  readonly codeVersion: string;
  /** The queue that wakes the sweeper, by its name in QUEUES; null for what is done inline. */
  readonly wake: string | null;
  /** Beside another run of the pipeline and date, should one be under way. */
  readonly forced: boolean;
}

export interface StartedRun {
  readonly runId: string;
  /** False when this trigger had already made the run. */
  readonly created: boolean;
  /** The first job run queued, the only one of a run of one job. */
  readonly jobRunId: string;
}

const started = z.strictObject({
  verdict: z.enum(['CREATED', 'EXISTING', 'KEY_REUSED', 'ACTIVE']),
  run_id: z.guid(),
  job_run_id: z.guid().nullable(),
});

/** @throws ConflictError when another run is active, or the key was used for another request. */
export async function startRun(sql: Sql, request: RunRequest): Promise<StartedRun> {
  const { trigger } = request;
  const [row] = await sql(started)`
    select verdict, run_id, job_run_id from ops.start_run(
      ${request.pipeline}, ${request.kind}, ${request.asOf}::date, ${request.dryRun},
      ${trigger.kind}, ${trigger.key}, ${json(trigger.detail)}, ${request.digest},
      ${json(request.input)}, ${json(request.graph)}, ${request.inline}, ${request.codeVersion}, ${request.wake}, ${request.forced})`;
  if (row === undefined) throw new Error('ops.start_run returned nothing');
  if (row.verdict === 'ACTIVE') {
    throw new ConflictError(
      `${request.pipeline} as of ${request.asOf} is already being run by ${row.run_id}: wait for it to end, look at it under /api/v1/runs/${row.run_id}, or ask the API to start this one with "forced": true`,
      { code: 'RUN_ACTIVE', before: { runs: [row.run_id] } },
    );
  }
  if (row.verdict === 'KEY_REUSED') {
    throw new ConflictError(
      `the key ${trigger.key} already started run ${row.run_id} with another request: use a new key for a new request`,
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    );
  }
  if (row.job_run_id === null) throw new Error(`run ${row.run_id} has no job run`);
  return { runId: row.run_id, created: row.verdict === 'CREATED', jobRunId: row.job_run_id };
}

const staleInput = z.strictObject({
  job: z.string(),
  maxAgeDays: z.int(),
  runId: z.guid().nullable(),
  asOf: z.iso.date().nullable(),
  ageDays: z.int().nullable(),
});

const begun = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('STARTED'),
    attempt: z.int(),
    tries: z.int(),
    run_id: z.guid(),
    job: z.string(),
    status: z.string(),
    as_of: z.iso.date(),
    dry_run: z.boolean(),
    input: z.record(z.string(), z.json()),
    checkpoint: z.json(),
    shard: z.int(),
    shard_key: z.string().nullable(),
    shard_input: z.record(z.string(), z.json()).nullable(),
    stale_inputs: z.array(staleInput).nullable(),
  }),
  z.object({ verdict: z.enum(['STALE', 'AHEAD', 'SETTLED', 'ALIVE']), run_id: z.guid(), status: z.string() }),
  z.object({ verdict: z.literal('UNKNOWN') }),
]);

export type Begun = z.infer<typeof begun>;

export async function beginAttempt(
  sql: Sql,
  of: { jobRunId: string; version: number; caller: Caller; requestId: string; codeVersion: string },
): Promise<Begun> {
  const [row] = await sql(begun)`
    select verdict, attempt, tries, run_id, job, status, as_of, dry_run, input, checkpoint,
           shard, shard_key, shard_input, stale_inputs
    from ops.begin_attempt(${of.jobRunId}::uuid, ${of.version}, ${of.caller}, ${of.requestId}, ${of.codeVersion})`;
  if (row === undefined) throw new Error('ops.begin_attempt returned nothing');
  return row;
}

export interface Attempt {
  readonly jobRunId: string;
  readonly attempt: number;
}

const flag = z.strictObject({ ok: z.boolean() });

/** False when a later attempt has taken over. */
export async function beat(
  sql: Sql,
  { jobRunId, attempt }: Attempt,
  progress: JsonObject | null,
): Promise<boolean> {
  const rows = await sql(
    flag,
  )`select ops.beat(${jobRunId}::uuid, ${attempt}, ${progress === null ? null : json(progress)}) as ok`;
  return rows[0]?.ok ?? false;
}

export async function checkpointAttempt(
  sql: Sql,
  { jobRunId, attempt }: Attempt,
  checkpoint: Json,
): Promise<void> {
  await sql`select ops.checkpoint_attempt(${jobRunId}::uuid, ${attempt}, ${json(checkpoint)})`;
}

export async function yieldAttempt(sql: Sql, { jobRunId, attempt }: Attempt): Promise<void> {
  await sql`select ops.yield_attempt(${jobRunId}::uuid, ${attempt})`;
}

/** @returns the messages that follow, to be sent once this has committed */
export function completeAttempt(
  sql: Sql,
  { jobRunId, attempt }: Attempt,
  report: JsonObject,
  findings: number,
  joined: Joined | undefined,
): Promise<Unsent[]> {
  return sql(unsent)`
    select outbox_id, job, message
    from ops.complete_attempt(${jobRunId}::uuid, ${attempt}, ${json(report)}, ${findings},
                              ${joined === undefined ? null : json(joined.report)}, ${joined?.findings ?? null})`;
}

/** What a job made of its shards, in the transaction of the last. */
export interface Joined {
  readonly report: JsonObject;
  readonly findings: number;
}

/** False when the attempt was no longer at work: superseded, or settled after all. */
export async function failAttempt(
  sql: Sql,
  { jobRunId, attempt }: Attempt,
  error: JsonObject,
  final: boolean,
): Promise<boolean> {
  const rows = await sql(
    flag,
  )`select ops.fail_attempt(${jobRunId}::uuid, ${attempt}, ${json(error)}, ${final}) as ok`;
  return rows[0]?.ok ?? false;
}

const swept = z.strictObject({
  /** Job runs whose worker is dead: queued again, or failed after their last try. */
  requeued: z.int(),
  given_up: z.int(),
  /** Messages that are gone, sent anew. */
  resent: z.int(),
  /** Runs that are over now. */
  closed: z.int(),
  /** Runs still under way. */
  active: z.int(),
});

export async function sweepRuns(sql: Sql, tries: number): Promise<z.infer<typeof swept>> {
  const [row] = await sql(swept)`select requeued, given_up, resent, closed, active from ops.sweep(${tries})`;
  if (row === undefined) throw new Error('ops.sweep returned nothing');
  return row;
}

const carriedOn = z.strictObject({
  /** Runs that a redrive took up again, and redrives that are not through. */
  released: z.int(),
  redrives: z.int(),
  /** Dates that a backfill began, and backfills that are not through. */
  started: z.int(),
  backfills: z.int(),
});

/** Moves on what people have set going over many runs. */
export async function carryOn(sql: Sql): Promise<z.infer<typeof carriedOn>> {
  const [row] = await sql(carriedOn)`
    select r.released, r.waiting as redrives, b.started, b.waiting as backfills
    from ops.release_redrives() r cross join ops.advance_backfills() b`;
  if (row === undefined) throw new Error('ops.release_redrives returned nothing');
  return row;
}

export const jobRunResult = z.strictObject({
  run_id: z.guid(),
  job_run_id: z.guid(),
  job: z.string(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'skipped']),
  as_of: z.iso.date(),
  dry_run: z.boolean(),
  attempts: z.int(),
  findings: z.int(),
  report: z.record(z.string(), z.json()).nullable(),
  counters: z.json(),
  error: z.json(),
});

export type JobRunResult = z.infer<typeof jobRunResult>;

export async function readJobRun(database: Database, jobRunId: string): Promise<JobRunResult> {
  const [row] = await database.sql(jobRunResult)`
    select r.run_id, j.job_run_id, j.job, j.status, r.as_of, r.dry_run, j.attempts, j.findings, j.report, j.counters, j.error
    from ops.job_runs j join ops.runs r using (run_id)
    where j.job_run_id = ${jobRunId}::uuid`;
  if (row === undefined)
    throw new NotFoundError(`there is no job run ${jobRunId}`, { code: 'UNKNOWN_JOB_RUN' });
  return row;
}
