import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import type { QueueRecord } from './events.ts';
import { type Invocation, type LambdaHandler, lambdaHandler } from './lambda.ts';
import { type JobMessage, jobMessage } from './message.ts';
import { sendOutbox } from './outbox.ts';
import type { Pipeline } from './pipeline.ts';
import { type Queues, sqsQueues } from './queues.ts';

/**
 * Reads the pipeline's dead-letter queues: each message is kept whole with its reason, and the job run it
 * leaves unfinished is failed with its descendants resolved, so that no run hangs.
 */
export function deadLetterHandler(pipeline: Pipeline): LambdaHandler {
  return lambdaHandler(
    `${pipeline.name} dead letters`,
    async (event, invocation): Promise<SQSBatchResponse> => {
      if (event.from !== 'queue')
        throw new Error('only queues bring dead letters; there is nothing to invoke here');
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

const verdict = z.strictObject({ done: z.enum(['BURIED', 'FAILED', 'ALREADY']) });

async function bury(record: QueueRecord, { environment, log }: Invocation, queues: Queues): Promise<void> {
  const queue = record.eventSourceARN.split(':').at(-1) ?? record.eventSourceARN;
  const message = asMessage(record.body);
  const { reason, detail } = message ? EXHAUSTED : whyWithoutMessage(record.body);
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

const EXHAUSTED = {
  reason: 'RECEIVES_EXHAUSTED',
  detail: 'no attempt could acknowledge the message: the worker was killed, or could not reach the ledger',
};

/** What Lambda writes to a destination when it gives an asynchronous invocation up. */
const failedInvocation = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  responsePayload: z.object({ errorMessage: z.string() }).optional(),
});

/** A dead letter that stands for no job run: the run was never planned, or the body is not ours. */
function whyWithoutMessage(body: string): { reason: string; detail: string } {
  const value = asJson(body);
  const invocation = failedInvocation.safeParse(value).data;
  if (invocation !== undefined) {
    const { functionArn, condition } = invocation.requestContext;
    const said = invocation.responsePayload?.errorMessage ?? 'no answer';
    return { reason: 'INVOCATION_FAILED', detail: `${functionArn} was given up (${condition}): ${said}` };
  }
  if (z.object({ source: z.literal('schedule') }).safeParse(value).success) {
    return {
      reason: 'SCHEDULE_NOT_DELIVERED',
      detail: 'Scheduler could not invoke its target: no run was planned',
    };
  }
  return {
    reason: 'UNREADABLE_MESSAGE',
    detail: 'the body is not a message of this system, or of a newer version of it',
  };
}

function asMessage(body: string): JobMessage | undefined {
  return jobMessage.safeParse(asJson(body)).data;
}

function asJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
