import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BundledFunction } from './bundled-function.ts';
import { BATCH_WINDOW } from './job-queue.ts';

/** The least that Lambda accepts for a mapping. */
export const LEAST_CONCURRENCY = 2;

/**
 * One message an invocation: each is a job of minutes, and its retry must not repeat another's. Failures are
 * reported one by one all the same, which is what lets a handler return after it has recorded one.
 */
export function consume(consumer: BundledFunction, queue: IQueue, maxConcurrency: number): void {
  consumer.function.addEventSource(
    new SqsEventSource(queue, {
      batchSize: 1,
      maxBatchingWindow: BATCH_WINDOW,
      reportBatchItemFailures: true,
      // Not reserved concurrency: with that alone, messages are received, throttled and counted as failures.
      maxConcurrency,
    }),
  );
}
