import { Construct } from 'constructs';
import type { JobNode } from '../../functions/core/pipeline.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { BundledFunction, type Deployment } from './bundled-function.ts';
import { consume } from './consume.ts';
import type { DatabaseClient } from './database-client.ts';
import type { Destinations } from './destinations.ts';
import type { Files } from './files.ts';
import type { JobQueue } from './job-queue.ts';
import type { NotificationTopic } from './notification-topic.ts';

export interface QueueStepProps {
  readonly deployment: Deployment;
  /** Full name, e.g. `cabinet.claims-reconcile`. */
  readonly job: string;
  readonly node: JobNode;
  readonly queue: JobQueue;
  /** The pipeline's queues: a job queues the jobs after it. */
  readonly destinations: Destinations;
  /** For a job that publishes. */
  readonly topic: NotificationTopic;
  readonly client: DatabaseClient;
  readonly files: Files;
}

/** A job as AWS runs it: its queue feeds its function, one message at a time. */
export class QueueStep extends Construct {
  readonly handler: BundledFunction;

  constructor(scope: Construct, id: string, props: QueueStepProps) {
    super(scope, id);
    const { deployment, job, node, destinations, topic } = props;
    this.handler = new BundledFunction(this, 'Job', {
      deployment,
      name: job.replace('.', '-'),
      entry: `functions/${job.replace('.', '/')}.ts`,
      description: node.description,
      timeoutSeconds: node.timeoutSeconds,
      memoryMb: node.memoryMb,
      database: { client: props.client, role: 'jobs' },
      demand: { concurrency: deployment.config.jobConcurrency, connections: 2 },
      environment: {
        ...destinations.environment(this),
        MAX_RECEIVES: String(MAX_TRIES),
        ...(node.readsUploads === true ? { FILES_BUCKET: props.files.bucketName } : {}),
        ...(node.publishes === true ? { ALERT_TOPIC_ARN: topic.topicArn } : {}),
      },
    });
    destinations.grantSend(this.handler.function);
    if (node.readsUploads === true) props.files.grant(this.handler, 'uploads', 'read');
    if (node.publishes === true) topic.allow(this.handler.function);
    consume(this.handler, props.queue.queue, deployment.config.jobConcurrency);
  }
}
