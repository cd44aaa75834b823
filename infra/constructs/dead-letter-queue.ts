import { Duration, Stack } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/**
 * A standard queue's message keeps the time it was first sent when it is given up: the retention here must exceed
 * the source's, or it would be deleted on arrival. This is SQS's maximum.
 */
const RETENTION = Duration.days(14);

export interface DeadLetterQueueProps {
  /** Physical name, prefix included. */
  readonly name: string;
  /** How long its consumer may hold a message; SQS's own default without one. */
  readonly visibilityTimeout?: Duration;
  /** The one queue that may redrive into it. Without one no queue may: services send to it. */
  readonly sourceQueueName?: string;
}

/** Where messages wait for a person: the end of every road. */
export class DeadLetterQueue extends Queue {
  /** As in the props: known before the deployment, unlike queueName. */
  readonly physicalQueueName: string;

  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    const { name, sourceQueueName, visibilityTimeout } = props;
    super(scope, id, {
      queueName: name,
      retentionPeriod: RETENTION,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(visibilityTimeout === undefined ? {} : { visibilityTimeout }),
      redriveAllowPolicy:
        sourceQueueName === undefined
          ? { redrivePermission: RedrivePermission.DENY_ALL }
          : { sourceQueues: [byName(scope, `${id}Source`, sourceQueueName)] },
    });
    this.physicalQueueName = name;
    if (sourceQueueName === undefined) {
      acknowledge(
        this,
        'This is the dead-letter queue, of a schedule and of asynchronous invocations.',
        'SQS3',
      );
    }
  }
}

/** By name, not by reference: source and dead-letter queue name each other, and one of the two must come first. */
function byName(scope: Construct, id: string, queueName: string): IQueue {
  return Queue.fromQueueArn(scope, id, Stack.of(scope).formatArn({ service: 'sqs', resource: queueName }));
}
