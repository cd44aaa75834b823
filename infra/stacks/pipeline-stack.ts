import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Pipeline, wakeOf } from '../../functions/core/pipeline.ts';
import { BundledFunction, type Deployment, OCCASIONAL } from '../constructs/bundled-function.ts';
import { consume, LEAST_CONCURRENCY } from '../constructs/consume.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { Destinations } from '../constructs/destinations.ts';
import type { Files } from '../constructs/files.ts';
import { JobQueue, visibilityFor } from '../constructs/job-queue.ts';
import type { NotificationTopic } from '../constructs/notification-topic.ts';
import { onceGroupOf, PipelineSchedule } from '../constructs/pipeline-schedule.ts';
import { QueueStep } from '../constructs/queue-step.ts';

export interface PipelineStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly database: Database;
  /** Through which its jobs tell people, where they do. */
  readonly topic: NotificationTopic;
  readonly pipeline: Pipeline;
  readonly files: Files;
}

const DEAD_LETTERS_TIMEOUT = Duration.seconds(60);
const PLANNER_TIMEOUT = Duration.seconds(60);
export const SWEEPER_TIMEOUT = Duration.seconds(60);

/** A run that is over by then leaves nothing to sweep. With the lease of 30 s, a killed worker's job runs again within 90 s. */
const WAKE_DELAY = Duration.seconds(60);

/** Everything a pipeline's declaration implies: a queue and a function per job, a planner, a schedule. */
export class PipelineStack extends Stack {
  /** What its runs send to, by the name in QUEUES: a queue per job, and the one that wakes the sweeper. */
  readonly queues: readonly (readonly [job: string, queue: JobQueue])[];
  readonly wake: JobQueue;
  readonly schedule: PipelineSchedule;

  constructor(
    scope: Construct,
    id: string,
    { deployment, database, topic, pipeline, files, ...props }: PipelineStackProps,
  ) {
    super(scope, id, props);
    const { prefix } = deployment.config;
    const { domain } = pipeline;
    const client = new DatabaseClient(this, 'Client', database);

    const jobQueues = Object.entries(pipeline.jobs).map(([job, node]): readonly [string, JobQueue] => [
      job,
      new JobQueue(this, `${idOf(job)}Queue`, {
        name: `${prefix}-${job.replace('.', '-')}`,
        consumerTimeout: Duration.seconds(node.timeoutSeconds),
        deadLetterConsumerTimeout: DEAD_LETTERS_TIMEOUT,
      }),
    ]);
    this.wake = new JobQueue(this, 'WakeQueue', {
      name: `${prefix}-${domain}-sweep`,
      consumerTimeout: SWEEPER_TIMEOUT,
      deadLetterConsumerTimeout: DEAD_LETTERS_TIMEOUT,
      deliveryDelay: WAKE_DELAY,
    });
    this.queues = [...jobQueues, [wakeOf(pipeline), this.wake]];
    const destinations = new Destinations(this.queues.map(([job, { queue }]) => [job, queue]));
    for (const [job, queue] of jobQueues) {
      const node = pipeline.jobs[job];
      if (node === undefined) throw new Error(`${pipeline.name} declares no ${job}`);
      new QueueStep(this, idOf(job), { deployment, job, node, queue, destinations, topic, client, files });
    }

    const planner = new BundledFunction(this, 'Planner', {
      deployment,
      name: `${domain}-planner`,
      entry: `functions/${domain}/planner.ts`,
      description: `Starts a run of ${pipeline.name} and queues its first jobs. Input: asOf, dryRun; {} only says what it would start.`,
      timeoutSeconds: PLANNER_TIMEOUT.toSeconds(),
      memoryMb: 256,
      database: { client, role: 'jobs' },
      demand: OCCASIONAL,
      environment: { ...destinations.environment(this), ONCE_GROUP: onceGroupOf(prefix, pipeline) },
    });
    destinations.grantSend(planner.function);
    this.schedule = new PipelineSchedule(this, 'Nightly', {
      deployment,
      pipeline,
      target: planner,
      deadLetterQueueName: `${domain}-planner-dlq`,
      deadLetterVisibility: visibilityFor(DEAD_LETTERS_TIMEOUT),
    });
    this.schedule.grantOnce(planner);

    const givenUp = [...this.queues.map(([, { deadLetters: dlq }]) => dlq), this.schedule.deadLetters];
    const deadLetters = new BundledFunction(this, 'DeadLetters', {
      deployment,
      name: `${domain}-dead-letters`,
      entry: `functions/${domain}/dead-letters.ts`,
      description: `Records what the queues of ${pipeline.name} gave up, and ends the job runs concerned. Input: SQS messages of its dead-letter queues.`,
      timeoutSeconds: DEAD_LETTERS_TIMEOUT.toSeconds(),
      memoryMb: 256,
      database: { client, role: 'jobs' },
      demand: { concurrency: givenUp.length * LEAST_CONCURRENCY, connections: 1 },
      environment: destinations.environment(this),
    });
    destinations.grantSend(deadLetters.function);
    for (const queue of givenUp) consume(deadLetters, queue, LEAST_CONCURRENCY);
  }
}

/** `cabinet.claims-reconcile` -> `ClaimsReconcile` */
function idOf(job: string): string {
  return job
    .slice(job.indexOf('.') + 1)
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
