import { CrossStackReferences, Duration, ReferenceStrength } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';

/** No batching window: every message starts its job at once. */
export const BATCH_WINDOW = Duration.seconds(0);

export interface JobQueueProps {
  /** Physical name, prefix included. */
  readonly name: string;
  /** Timeout of the function that consumes the queue. */
  readonly consumerTimeout: Duration;
  /** Timeout of the function that consumes its dead letters. */
  readonly deadLetterConsumerTimeout: Duration;
  /** How long a message rests before anybody sees it; not at all without. */
  readonly deliveryDelay?: Duration;
}

/** A job's queue and its dead-letter queue. */
export class JobQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, id: string, props: JobQueueProps) {
    super(scope, id);
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      name: `${props.name}-dlq`,
      visibilityTimeout: visibilityFor(props.deadLetterConsumerTimeout),
      sourceQueueName: props.name,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: props.name,
      visibilityTimeout: visibilityFor(props.consumerTimeout),
      retentionPeriod: Duration.days(4),
      ...(props.deliveryDelay === undefined ? {} : { deliveryDelay: props.deliveryDelay }),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_TRIES },
    });
    // The API and the sweeper send to every job. A strong reference of theirs (an import of an export) would make a
    // job that is taken out of its pipeline undeployable until they are deployed without it, which comes after.
    for (const queue of [this.queue, this.deadLetters])
      CrossStackReferences.of(queue).produce(ReferenceStrength.WEAK);
  }
}

/**
 * AWS's rule: six times the consumer's timeout and its window. Less, and a throttled function's messages come back
 * while they wait, until healthy ones are dead letters. A job that ends sooner shortens its own message's.
 */
export function visibilityFor(consumerTimeout: Duration): Duration {
  return Duration.seconds(6 * consumerTimeout.toSeconds() + BATCH_WINDOW.toSeconds());
}
