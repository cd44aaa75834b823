import { Duration, Stack } from 'aws-cdk-lib';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/**
 * A standard queue's message keeps the time it was first sent when it is given up: the retention here must exceed
 * the source's, or it would be deleted on arrival. This is SQS's maximum.
 */
export const DEAD_LETTER_RETENTION = Duration.days(14);

export interface DeadLetterQueueProps {
  readonly queueName: string;
  /** How long its consumer may hold a message; SQS's own default without one. */
  readonly visibilityTimeout?: Duration;
  /** The one queue that may redrive into it. Without one no queue may: services send to it. */
  readonly sourceQueueName?: string;
}

export function deadLetterQueue(scope: Construct, id: string, props: DeadLetterQueueProps): Queue {
  const { sourceQueueName, visibilityTimeout } = props;
  const queue = new Queue(scope, id, {
    queueName: props.queueName,
    retentionPeriod: DEAD_LETTER_RETENTION,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    ...(visibilityTimeout === undefined ? {} : { visibilityTimeout }),
    redriveAllowPolicy:
      sourceQueueName === undefined
        ? { redrivePermission: RedrivePermission.DENY_ALL }
        : { sourceQueues: [byName(scope, `${id}Source`, sourceQueueName)] },
  });
  if (sourceQueueName === undefined) {
    acknowledge(
      queue,
      'This is the dead-letter queue, of a schedule and of asynchronous invocations.',
      'SQS3',
    );
  }
  return queue;
}

/** By name, not by reference: source and dead-letter queue name each other, and one of the two must come first. */
function byName(scope: Construct, id: string, queueName: string) {
  return Queue.fromQueueArn(scope, id, Stack.of(scope).formatArn({ service: 'sqs', resource: queueName }));
}
