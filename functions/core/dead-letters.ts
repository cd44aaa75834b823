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
  const [reason, detail] = message
    ? [
        'RECEIVES_EXHAUSTED',
        'no attempt could acknowledge the message: the worker was killed, or could not reach the ledger',
      ]
    : ['UNREADABLE_MESSAGE', 'the body is not a message of this system, or of a newer version of it'];
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

function asMessage(body: string): JobMessage | undefined {
  try {
    return jobMessage.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
