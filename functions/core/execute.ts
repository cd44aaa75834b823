import type { Database, Sql } from './database.ts';
import { CuadreError, InputError, LostError, PermanentError, RetryableError } from './errors.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import type { Job, JobContext, Json, JsonObject } from './job.ts';
import {
  type Attempt,
  type Begun,
  beginAttempt,
  type Caller,
  checkpointAttempt,
  completeAttempt,
  failAttempt,
  yieldAttempt,
} from './ledger.ts';
import type { Log } from './log.ts';
import { ownUnsent, type Unsent } from './outbox.ts';
import { backoffSeconds } from './retry.ts';
import { joinShards, nextShard, splitJob } from './shards.ts';

/** What an execution needs of the world around it. */
export interface Services {
  /** Carries the effects, each in one transaction. */
  readonly work: Database;
  /** Carries heartbeats, failures and the outbox, while `work` is inside a transaction. */
  readonly control: Database;
  readonly log: Log;
  readonly codeVersion: string;
}

export interface Ticket {
  readonly jobRunId: string;
  readonly version: number;
  readonly caller: Caller;
  readonly requestId: string;
  /** Tries since the job last yielded, dead workers' included: at this one a retryable error fails the job run. */
  readonly lastAttempt: number;
  /** Milliseconds before the worker is cut off. */
  readonly remaining: () => number;
  /** Told of progress as the job reports it; the CLI draws it. */
  readonly onProgress?: (progress: Progress) => void;
}

export type Progress = { readonly done: number; readonly total: number; readonly unit: string };

export type Settlement =
  /**
   * Nothing is left to do for this ticket: done, failed for good, yielded, or stale. `unsent` are the messages that
   * were committed just now; without it, somebody before may have left some of the run.
   */
  | { readonly kind: 'settled'; readonly runId: string | null; readonly unsent?: readonly Unsent[] }
  /** Worth another attempt after a pause; the job run is queued again. */
  | { readonly kind: 'again'; readonly runId: string; readonly seconds: number; readonly error: unknown }
  /** Another attempt is at work: come back when it must be over. */
  | { readonly kind: 'busy'; readonly runId: string }
  /** The ledger does not know this job run, or not yet this version. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Takes a job run up, works chunk by chunk, and settles it in the ledger. Never throws for what the job does. */
export async function execute(services: Services, job: Job, ticket: Ticket): Promise<Settlement> {
  const settlement = await executeOne(services, job, ticket);
  // Whoever has split it: perhaps a caller that was cut off before it could work them, or that never heard of its commit.
  const inline = ticket.caller === 'inline' && job.sharding !== undefined && settlement.kind === 'settled';
  if (inline && settlement.runId !== null) await shardsInline(services, job, ticket, settlement.runId);
  return settlement;
}

async function executeOne(services: Services, job: Job, ticket: Ticket): Promise<Settlement> {
  const { control, codeVersion } = services;
  const begun = await beginAttempt(control.sql, { ...ticket, codeVersion });
  switch (begun.verdict) {
    case 'UNKNOWN':
      return { kind: 'unknown', reason: `the ledger has no job run ${ticket.jobRunId}` };
    case 'AHEAD':
      return {
        kind: 'unknown',
        reason: `job run ${ticket.jobRunId} has not reached version ${ticket.version} in this ledger`,
      };
    case 'STALE':
    case 'SETTLED':
      return { kind: 'settled', runId: begun.run_id };
    case 'ALIVE':
      return { kind: 'busy', runId: begun.run_id };
    case 'STARTED':
      return work(services, job, ticket, begun);
  }
}

type Started = Extract<Begun, { verdict: 'STARTED' }>;

async function work(services: Services, job: Job, ticket: Ticket, begun: Started): Promise<Settlement> {
  const attempt: Attempt = { jobRunId: ticket.jobRunId, attempt: begun.attempt };
  const log = services.log.with({
    runId: begun.run_id,
    jobRunId: ticket.jobRunId,
    job: job.name,
    attempt: begun.attempt,
  });
  const heartbeat = startHeartbeat(services.control, attempt, log);
  log.info('attempt started', { asOf: begun.as_of, dryRun: begun.dry_run, input: begun.input });
  try {
    const unsent = await chunks({ ...services, log }, job, ticket, begun, attempt, heartbeat);
    return { kind: 'settled', runId: begun.run_id, unsent };
  } catch (error) {
    await heartbeat.stop();
    return settleFailure({ ...services, log }, ticket, begun, attempt, error);
  } finally {
    await heartbeat.stop();
  }
}

/** What ops.fence raises. */
const SUPERSEDED = 'CU001';

/** Time kept back for settling: the commit, the outbox and the acknowledgement. */
const RESERVE_MS = 15_000;

/** Of a chunk: what is to be sent, after the last one, or where the next begins. */
type Done = { readonly unsent: readonly Unsent[] | undefined; readonly next: Json };

async function chunks(
  services: Services,
  job: Job,
  ticket: Ticket,
  begun: Started,
  attempt: Attempt,
  heartbeat: Heartbeat,
): Promise<readonly Unsent[]> {
  const toSend = (sql: Sql) => (ticket.caller === 'sqs' ? ownUnsent(sql) : []);
  let checkpoint: Json = begun.checkpoint;
  let slowest = 0;
  for (;;) {
    const left = ticket.remaining();
    if (ticket.caller === 'sqs' && slowest > 0 && left < 2 * slowest + RESERVE_MS) {
      services.log.info('yielding before the deadline', { remainingMs: left });
      return services.work.transaction(async (sql) => {
        await yieldAttempt(sql, attempt);
        return toSend(sql);
      });
    }
    const done: Done = await services.work.transaction(async (sql) => {
      const context: JobContext<JsonObject> = {
        input: begun.input,
        asOf: begun.as_of,
        dryRun: begun.dry_run,
        sql,
        runId: begun.run_id,
        jobRunId: attempt.jobRunId,
        checkpoint,
        ...(begun.shard_key === null
          ? {}
          : { shard: { number: begun.shard, key: begun.shard_key, input: begun.shard_input ?? {} } }),
        staleInputs: begun.stale_inputs ?? [],
        log: services.log,
        progress: (done, total, unit) => {
          heartbeat.report({ done, total, unit });
          ticket.onProgress?.({ done, total, unit });
        },
        remaining: ticket.remaining,
      };
      if (job.sharding !== undefined && begun.shard === 0) {
        await splitJob(sql, attempt, job.sharding, context);
        return { unsent: await toSend(sql), next: null };
      }
      const outcome = await job.run(context);
      if (outcome.next === undefined) {
        const joined = await joinShards(sql, attempt, job.sharding, context, outcome);
        const unsent = await completeAttempt(sql, attempt, outcome.report, outcome.findings ?? 0, joined);
        return { unsent, next: null };
      }
      await checkpointAttempt(sql, attempt, outcome.next);
      return { unsent: undefined, next: outcome.next };
    }, seenAsOf(begun.as_of));
    if (done.unsent !== undefined) return done.unsent;
    checkpoint = done.next;
    slowest = Math.max(slowest, left - ticket.remaining());
  }
}

/** Nothing of an inline run travels through queues: its caller works the shards, one after the other. */
async function shardsInline(services: Services, job: Job, ticket: Ticket, runId: string): Promise<void> {
  for (;;) {
    const shard = await nextShard(services.control.sql, runId, job.name);
    if (shard === undefined) return;
    const { onProgress: _each, ...rest } = ticket;
    await executeOne(services, job, { ...rest, jobRunId: shard.job_run_id, version: shard.version });
    ticket.onProgress?.({ done: shard.total - shard.left + 1, total: shard.total, unit: 'shards' });
  }
}

/** The views limit themselves to this date: a job as of D does not see what is dated after D. */
function seenAsOf(date: string) {
  return { 'cuadre.as_of': date };
}

async function settleFailure(
  services: Services,
  ticket: Ticket,
  begun: Started,
  attempt: Attempt,
  error: unknown,
): Promise<Settlement> {
  const { control, log } = services;
  const runId = begun.run_id;
  if (error instanceof CuadreError && error.code === SUPERSEDED) {
    log.warn('a later attempt took over; nothing of this one was committed');
    return { kind: 'settled', runId };
  }
  const retryable = error instanceof RetryableError || error instanceof LostError;
  const final = !retryable || begun.tries >= ticket.lastAttempt;
  // Waits, by the row's lock, for a commit still under way in a backend that nobody reaches any more.
  const recorded = await failAttempt(control.sql, attempt, describe(error), final);
  if (!recorded) {
    log.warn('the ledger says that this attempt is over already', { error });
    return { kind: 'settled', runId };
  }
  log.error(final ? 'job failed' : 'attempt failed', { error, final });
  if (final) return { kind: 'settled', runId };
  return { kind: 'again', runId, seconds: backoffSeconds(begun.tries), error };
}

/** What the ledger keeps of an error: code, message and problems; never a stack, a query or a parameter. */
export function describe(error: unknown): JsonObject {
  const kind =
    error instanceof RetryableError ? 'retryable' : error instanceof LostError ? 'lost' : 'permanent';
  if (!(error instanceof CuadreError)) {
    return { code: 'UNEXPECTED', kind, message: error instanceof Error ? error.message : String(error) };
  }
  const problems =
    error instanceof InputError ? { problems: JSON.parse(JSON.stringify(error.problems)) } : {};
  return {
    code: error.code,
    kind: error instanceof PermanentError ? 'permanent' : kind,
    message: error.message,
    ...problems,
  };
}
