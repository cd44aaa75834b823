import type { SQSBatchResponse } from 'aws-lambda';
import type { Database } from './database.ts';
import { InputError, PermanentError, RetryableError } from './errors.ts';
import type { QueueRecord } from './events.ts';
import { execute, type Settlement } from './execute.ts';
import { parse } from './input.ts';
import type { Job } from './job.ts';
import type { Invocation } from './lambda.ts';
import { type JobMessage, jobMessage, MESSAGE_SCHEMA } from './message.ts';
import { sendCommitted, sendOutbox } from './outbox.ts';
import type { Queues } from './queues.ts';
import { backoffSeconds } from './retry.ts';

/**
 * Works a batch, one record after the other. A record is acknowledged when the ledger has what it stood for;
 * every other one is named as failed, and its visibility says when it comes back. The response is built here
 * and nowhere else: an empty list means "all done", and a malformed one would mean "all failed".
 */
export async function workRecords(
  job: Job,
  records: readonly QueueRecord[],
  invocation: Invocation,
  queues: Queues,
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const record of records) {
    const after = await workRecord(job, record, invocation, queues);
    if (after === 'acknowledge') continue;
    failed.push(record.messageId);
    await postpone(record, after.seconds, invocation, queues);
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

type After = 'acknowledge' | { readonly seconds: number };

async function workRecord(
  job: Job,
  record: QueueRecord,
  invocation: Invocation,
  queues: Queues,
): Promise<After> {
  const { environment, requestId, remaining } = invocation;
  const log = invocation.log.with({ messageId: record.messageId });
  const receives = record.attributes.ApproximateReceiveCount;
  try {
    const message = readMessage(record.body, job);
    const settlement = await execute({ ...environment, log }, job, {
      jobRunId: message.jobRunId,
      version: message.version,
      caller: 'sqs',
      requestId,
      lastAttempt: environment.config.MAX_RECEIVES,
      remaining,
    });
    switch (settlement.kind) {
      case 'settled':
        await sendFollowing(settlement, environment.control, queues);
        return 'acknowledge';
      case 'again':
        return { seconds: settlement.seconds };
      case 'busy':
        return { seconds: environment.config.FUNCTION_TIMEOUT_SECONDS };
      case 'unknown':
        throw new PermanentError(settlement.reason, { code: 'UNKNOWN_JOB_RUN' });
    }
  } catch (error) {
    log.error('message not processed', { error, receives });
    // A message that no attempt can process goes to the dead letters with hardly a pause in between.
    return { seconds: error instanceof PermanentError ? 1 : backoffSeconds(receives) };
  }
}

async function sendFollowing(
  { runId, unsent }: Extract<Settlement, { kind: 'settled' }>,
  control: Database,
  queues: Queues,
): Promise<void> {
  if (runId === null) return;
  if (unsent !== undefined) return sendCommitted(control, queues, unsent);
  // An earlier delivery may have done the work and been cut off before it could send what follows.
  await sendOutbox(control, queues, runId);
}

/** @throws InputError for what is not a message; RetryableError for one that newer code has sent. */
export function readMessage(body: string, job: Job): JobMessage {
  const value = parseBody(body);
  const schema = typeof value === 'object' && value !== null ? Reflect.get(value, 'schema') : undefined;
  if (typeof schema === 'number' && schema > MESSAGE_SCHEMA) {
    throw new RetryableError(
      `the message has schema ${schema} and this code understands ${MESSAGE_SCHEMA}: finish the deployment, then redrive`,
      { code: 'NEWER_MESSAGE' },
    );
  }
  const message = parse(jobMessage, value, 'message');
  if (message.job !== job.name) {
    throw new InputError([
      { field: 'message.job', value: message.job, rule: `must be ${job.name} in this queue` },
    ]);
  }
  return message;
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new InputError([{ field: 'message', value: body.slice(0, 200), rule: 'must be JSON' }]);
  }
}

async function postpone(
  record: QueueRecord,
  seconds: number,
  { log }: Invocation,
  queues: Queues,
): Promise<void> {
  const queueUrl = queues.urlOf(record.eventSourceARN);
  try {
    await queues.postpone(queueUrl, record.receiptHandle, seconds);
  } catch (error) {
    // The queue's own time-out, 6 x the function's, brings the message back: later, but it does.
    log.warn('visibility not changed', { messageId: record.messageId, error });
  }
}
