import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { workerConfig } from './config.ts';
import { RetryableError } from './errors.ts';
import { type Event, type QueueRecord, readEvent } from './events.ts';
import { createLog, type Log } from './log.ts';
import { sqsQueues } from './queues.ts';
import { backoffSeconds } from './retry.ts';
import { type Environment, openEnvironment } from './services.ts';

/** What an invocation is given beside its event. */
export interface Invocation {
  readonly environment: Environment;
  readonly log: Log;
  readonly requestId: string;
  readonly functionArn: string;
  remaining(): number;
}

export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * The only place that knows middy. Opens the environment, reads the event, and logs what an invocation threw
 * before Lambda sees it: one line with the request id, whatever the caller.
 */
export function lambdaHandler(
  name: string,
  body: (event: Event, invocation: Invocation) => Promise<unknown>,
): LambdaHandler {
  const log = createLog();
  const handler = middy<unknown, unknown>()
    .onError(({ error, context }) => {
      log.error('invocation failed', { function: name, requestId: context.awsRequestId, error });
    })
    .handler(async (event, context) => {
      const read = readEvent(event);
      let environment: Environment;
      try {
        environment = await openEnvironment(name);
      } catch (error) {
        if (read.from !== 'queue' || !(error instanceof RetryableError)) throw error;
        log.error('not ready; the messages come back', {
          function: name,
          requestId: context.awsRequestId,
          error,
        });
        return putBack(read.records);
      }
      return body(read, {
        environment,
        log: environment.log.with({ function: name, requestId: context.awsRequestId }),
        requestId: context.awsRequestId,
        functionArn: context.invokedFunctionArn,
        remaining: () => context.getRemainingTimeInMillis(),
      });
    });
  return async (event, context) => handler(event, context);
}

/** Without a database, or with one that is being migrated: the messages come back after a pause, not after hours. */
async function putBack(records: readonly QueueRecord[]): Promise<SQSBatchResponse> {
  const queues = sqsQueues(workerConfig(process.env).QUEUES);
  for (const { eventSourceARN, receiptHandle, attributes } of records) {
    await queues.postpone(
      queues.urlOf(eventSourceARN),
      receiptHandle,
      backoffSeconds(attributes.ApproximateReceiveCount),
    );
  }
  return { batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
