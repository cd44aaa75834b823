import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { PROBE_TYPE } from '../../functions/cabinet/alert-message.ts';
import { BundledFunction, type Deployment } from '../constructs/bundled-function.ts';
import { consume, LEAST_CONCURRENCY } from '../constructs/consume.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { JobQueue } from '../constructs/job-queue.ts';
import { NotificationKey } from '../constructs/notification-key.ts';
import { NotificationTopic } from '../constructs/notification-topic.ts';

export interface AlertsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly database: Database;
}

const PROBES_TIMEOUT = Duration.seconds(30);

/** How alerts reach people, and the proof of every night that they would. */
export class AlertsStack extends Stack {
  readonly key: NotificationKey;
  readonly topic: NotificationTopic;
  /** Records the probes that arrive; its log is the sign of life. */
  readonly probes: BundledFunction;

  constructor(scope: Construct, id: string, { deployment, database, ...props }: AlertsStackProps) {
    super(scope, id, props);
    const { prefix, alerts } = deployment.config;
    this.key = new NotificationKey(this, 'Key');
    this.topic = new NotificationTopic(this, 'Topic', { name: `${prefix}-alerts`, key: this.key });
    if (alerts.email !== undefined) {
      this.topic.addSubscription(
        new EmailSubscription(alerts.email, {
          filterPolicy: { type: SubscriptionFilter.stringFilter({ denylist: [PROBE_TYPE] }) },
        }),
      );
    }

    const { queue } = new JobQueue(this, 'ProbeQueue', {
      name: `${prefix}-alert-probes`,
      consumerTimeout: PROBES_TIMEOUT,
      // Nobody consumes its dead letters: an alarm tells of them, and the probe is missed by the next night anyway.
      deadLetterConsumerTimeout: PROBES_TIMEOUT,
    });
    this.topic.addSubscription(
      new SqsSubscription(queue, {
        filterPolicy: { type: SubscriptionFilter.stringFilter({ allowlist: [PROBE_TYPE] }) },
      }),
    );
    this.probes = new BundledFunction(this, 'Probes', {
      deployment,
      name: 'alert-probes',
      entry: 'functions/cabinet/alert-probes.ts',
      description:
        'Records that the nightly probe of the alert path arrived. Input: SQS messages of its queue.',
      timeoutSeconds: PROBES_TIMEOUT.toSeconds(),
      memoryMb: 256,
      database: { client: new DatabaseClient(this, 'Client', database), role: 'jobs' },
      demand: { concurrency: LEAST_CONCURRENCY, connections: 1 },
    });
    consume(this.probes, queue, LEAST_CONCURRENCY);
  }
}
