import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import type { Sql } from './database.ts';
import type { QueueRecord } from './events.ts';
import { parse } from './input.ts';
import { type Invocation, type LambdaHandler, lambdaHandler } from './lambda.ts';
import { MESSAGE_SCHEMA } from './message.ts';
import { sendOutbox } from './outbox.ts';
import type { Pipeline } from './pipeline.ts';
import { type Queues, sqsQueues } from './queues.ts';
import { instant } from './wire.ts';

/**
 * Reads the pipeline's dead-letter queues: each message is kept whole with its reason, and the job run it
 * leaves unfinished is failed with its descendants resolved, so that no run hangs. From the console it says what it has.
 */
export function deadLetterHandler(pipeline: Pipeline): LambdaHandler {
  return lambdaHandler(
    `${pipeline.name} dead letters`,
    async (event, invocation): Promise<SQSBatchResponse | { readonly recorded: Recorded[] }> => {
      if (event.from === 'schedule') throw new Error('only queues bring dead letters');
      if (event.from === 'invoke') {
        parse(z.strictObject({}), event.input);
        return { recorded: await recordedSoFar(invocation.environment.control.sql) };
      }
      const queues = sqsQueues(invocation.environment.config.QUEUES);
      const failed: string[] = [];
      for (const record of event.records) {
        try {
          await bury(record, invocation, queues);
        } catch (error) {
          invocation.log.error('dead letter not recorded; it stays in its queue', {
            messageId: record.messageId,
            error,
          });
          failed.push(record.messageId);
        }
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    },
  );
}

const recorded = z.strictObject({ reason: z.string(), letters: z.int(), last: instant });
type Recorded = z.infer<typeof recorded>;

/** For a person who looks in from the console. */
function recordedSoFar(sql: Sql): Promise<Recorded[]> {
  return sql(recorded)`
    select reason, count(*)::integer as letters, max(received_at) as last from ops.dead_letters group by reason order by reason`;
}

const verdict = z.strictObject({ done: z.enum(['BURIED', 'FAILED', 'ALREADY']) });

export async function bury(
  record: QueueRecord,
  { environment, log }: Invocation,
  queues: Queues,
): Promise<void> {
  const queue = record.eventSourceARN.split(':').at(-1) ?? record.eventSourceARN;
  const { message, reason, detail } = readDeadLetter(record.body, queue);
  const [row] = await environment.control.sql(verdict)`
    select ops.bury_message(${record.messageId}, ${queue}, ${record.body}, ${message?.jobRunId ?? null}::uuid,
                            ${message?.version ?? null}::integer, ${reason}, ${detail}) as done`;
  log.error('dead letter recorded', {
    messageId: record.messageId,
    queue,
    reason,
    done: row?.done,
    runId: message?.runId,
  });
  if (message) await sendOutbox(environment.control, queues, message.runId);
}

interface DeadLetter {
  /** The job run that it leaves unfinished, if it stands for one. */
  readonly message:
    | { readonly runId: string; readonly jobRunId: string; readonly version: number }
    | undefined;
  readonly reason: string;
  readonly detail: string;
}

/** Of whatever version: these keys say which job run waits. */
const anyVersion = z.object({
  schema: z.int().min(1),
  runId: z.guid(),
  jobRunId: z.guid(),
  job: z.string(),
  version: z.int().min(1),
});

/** What a run sends to wake the sweeper: it stands for no job run. */
const wakeUp = z.object({
  runId: z.guid(),
  job: z.string().endsWith('.sweep'),
  jobRunId: z.undefined().optional(),
});

/** What Lambda writes to a destination when it gives an asynchronous invocation up. */
const failedInvocation = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  responsePayload: z.object({ errorMessage: z.string() }).optional(),
});

function readDeadLetter(body: string, queue: string): DeadLetter {
  const value = asJson(body);
  if (wakeUp.safeParse(value).success) {
    const detail = 'the sweeper was not woken for a run; its daily schedule looks at the run in any case';
    return { message: undefined, reason: 'SWEEPER_NOT_WOKEN', detail };
  }
  const message = anyVersion.safeParse(value).data;
  if (message !== undefined) return ofMessage(message, queue);
  const invocation = failedInvocation.safeParse(value).data;
  if (invocation !== undefined) {
    const { functionArn, condition } = invocation.requestContext;
    const said = invocation.responsePayload?.errorMessage ?? 'no answer';
    const detail = `${functionArn} was given up (${condition}): ${said}`;
    return { message: undefined, reason: 'INVOCATION_FAILED', detail };
  }
  if (z.object({ source: z.literal('schedule') }).safeParse(value).success) {
    const detail = 'Scheduler could not invoke its target: no run was planned';
    return { message: undefined, reason: 'SCHEDULE_NOT_DELIVERED', detail };
  }
  return {
    message: undefined,
    reason: 'UNREADABLE_MESSAGE',
    detail: 'the body is not a message of this system',
  };
}

function ofMessage(message: z.infer<typeof anyVersion>, queue: string): DeadLetter {
  if (!queue.endsWith(`${message.job.replace('.', '-')}-dlq`)) {
    // The job run has a message of its own in its own queue: this one decides nothing about it.
    const detail = `a message of ${message.job} does not belong into ${queue}`;
    return { message: undefined, reason: 'MISDIRECTED_MESSAGE', detail };
  }
  if (message.schema > MESSAGE_SCHEMA) {
    const detail = `schema ${message.schema}, and this code understands ${MESSAGE_SCHEMA}: finish the deployment and run it again`;
    return { message, reason: 'NEWER_MESSAGE', detail };
  }
  const detail =
    'no attempt could acknowledge the message: the worker was killed, or could not reach the ledger';
  return { message, reason: 'RECEIVES_EXHAUSTED', detail };
}

function asJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
