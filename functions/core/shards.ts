import * as z from 'zod';
import { json, type Sql } from './database.ts';
import { PermanentError } from './errors.ts';
import type { JobContext, JsonObject, Outcome, Sharding, ShardPlan } from './job.ts';
import type { Attempt, Joined } from './ledger.ts';

/** Messages of one splitting step, and rows of one run that people read: more work belongs into larger shards. */
export const MAX_SHARDS = 1000;
export const MAX_SHARD_KEY = 200;

/**
 * The splitting step: says into what the job falls and commits it, under the attempt's fence. A job of no shards is done.
 * @throws PermanentError INVALID_SHARDS
 */
export async function splitJob(
  sql: Sql,
  attempt: Attempt,
  sharding: Sharding,
  context: JobContext<JsonObject>,
): Promise<void> {
  const shards = await sharding.split(context);
  checkShards(shards);
  const joined = shards.length > 0 ? undefined : await joinedBy(sharding, context, []);
  const plans = shards.map(({ key, input = {} }) => ({ key, input }));
  await sql`
    select ops.split_attempt(${attempt.jobRunId}::uuid, ${attempt.attempt}, ${json(plans)},
                             ${joined === undefined ? null : json(joined.report)}, ${joined?.findings ?? null})`;
}

const shardRow = z.strictObject({
  head_id: z.guid(),
  shard: z.int(),
  shard_key: z.string(),
  shard_input: z.record(z.string(), z.json()),
  report: z.record(z.string(), z.json()).nullable(),
});

/** What the job makes of all its shards, when this one is the last; it commits with it or not at all. */
export async function joinShards(
  sql: Sql,
  attempt: Attempt,
  sharding: Sharding | undefined,
  context: JobContext<JsonObject>,
  own: Outcome,
): Promise<Joined | undefined> {
  if (sharding?.join === undefined || context.shard === undefined) return undefined;
  const rows = await sql(shardRow)`
    select head_id, shard, shard_key, shard_input, report
    from ops.last_shard(${attempt.jobRunId}::uuid, ${attempt.attempt})`;
  const [first] = rows;
  if (first === undefined) return undefined;
  const shards = rows.map(({ shard, shard_key, shard_input, report }) => ({
    key: shard_key,
    input: shard_input,
    report: shard === context.shard?.number ? own.report : (report ?? {}),
  }));
  const { shard: _shard, ...rest } = context;
  return joinedBy(sharding, { ...rest, jobRunId: first.head_id, checkpoint: null }, shards);
}

async function joinedBy(
  { join }: Sharding,
  context: JobContext<JsonObject>,
  shards: Parameters<NonNullable<Sharding['join']>>[1],
): Promise<Joined | undefined> {
  if (join === undefined) return undefined;
  const { report, findings = 0, next } = await join(context, shards);
  if (next !== undefined) {
    throw invalid('the join of shards has no chunks: it must not hand on `next`');
  }
  return { report, findings };
}

function checkShards(shards: readonly ShardPlan[]): void {
  if (shards.length > MAX_SHARDS) {
    throw invalid(
      `the job split itself into ${shards.length} shards, and ${MAX_SHARDS} are the most: make each of them larger`,
    );
  }
  const keys = new Set<string>();
  for (const { key } of shards) {
    if (key.length < 1 || key.length > MAX_SHARD_KEY) {
      throw invalid(`a shard's key has 1 to ${MAX_SHARD_KEY} characters, not ${key.length}`);
    }
    if (keys.has(key)) {
      throw invalid(
        `two shards have the key ${JSON.stringify(key)}: each needs its own, which says what it is about`,
      );
    }
    keys.add(key);
  }
}

function invalid(message: string): PermanentError {
  return new PermanentError(message, { code: 'INVALID_SHARDS' });
}

const queued = z.strictObject({ job_run_id: z.guid(), version: z.int(), total: z.int(), left: z.int() });

/** Of a run that is done inline: the next shard for its caller to take up. One whose caller is dead is nobody else's either. */
export async function nextShard(
  sql: Sql,
  runId: string,
  job: string,
): Promise<z.infer<typeof queued> | undefined> {
  const [row] = await sql(queued)`
    select job_run_id, version, count(*) over ()::integer as left,
           (select shards from ops.job_runs where run_id = ${runId}::uuid and job = ${job} and shard = 0) as total
    from ops.job_runs j
    where run_id = ${runId}::uuid and job = ${job} and shard > 0
      and (status = 'queued'
           or status = 'running' and not exists (
             select from ops.heartbeats h
             where h.job_run_id = j.job_run_id and h.attempt = j.attempts and h.beat_at > clock_timestamp() - ops.lease()))
    order by shard limit 1`;
  return row;
}
