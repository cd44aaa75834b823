import { SQSClient } from '@aws-sdk/client-sqs';
import type { QueueRecord } from '../../functions/core/events.ts';
import { type Queues, sqsQueues } from '../../functions/core/queues.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { systemClock } from '../../infra/local/clock.ts';
import { received } from '../../infra/local/sqs/batch.ts';
import { QueueServer } from '../../infra/local/sqs/server.ts';
import { queueArn } from '../../infra/local/sqs/types.ts';
import { Trail } from '../../infra/local/trail.ts';
import type { Disorder } from './disorder.ts';

/** As the template has it: six times the longest job's time-out. */
const VISIBILITY_SECONDS = 3600;
const RETENTION_SECONDS = 4 * 86_400;

export interface Due {
  /** A job's name, or that of the queue which wakes the sweeper. */
  readonly job: string;
  readonly dead: boolean;
  readonly at: number;
}

/** A queue and its dead letters for every job, on this process's clock. */
export class SimulatedQueues {
  readonly queues: Queues;
  readonly #server: QueueServer;
  readonly #client: SQSClient;
  readonly #jobs: readonly string[];

  private constructor(server: QueueServer, jobs: readonly string[]) {
    this.#server = server;
    this.#jobs = jobs;
    this.#client = new SQSClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    this.queues = sqsQueues(
      Object.fromEntries(jobs.map((job) => [job, server.queue(nameOf(job)).url])),
      this.#client,
    );
  }

  static async start(jobs: readonly string[], wake: string, disorder: Disorder): Promise<SimulatedQueues> {
    const server = await QueueServer.start({ port: 0, trail: new Trail(systemClock) });
    for (const job of jobs) {
      const name = nameOf(job);
      const common = { MaximumMessageSize: 262_144, ReceiveMessageWaitTimeSeconds: 0, DelaySeconds: 0 };
      server.create(`${name}-dlq`, {
        ...common,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageRetentionPeriod: RETENTION_SECONDS,
      });
      server.create(name, {
        ...common,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageRetentionPeriod: RETENTION_SECONDS,
        DelaySeconds: job === wake ? 60 : 0,
        RedrivePolicy: { deadLetterTargetArn: queueArn(`${name}-dlq`), maxReceiveCount: MAX_TRIES },
      });
      disorder.disturb(server.queue(name));
    }
    return new SimulatedQueues(server, jobs);
  }

  /** Every queue that has a message, with when the first of them may be received. */
  due(): Due[] {
    return this.#jobs.flatMap((job) => [this.#due(job, false), this.#due(job, true)].flat());
  }

  #due(job: string, dead: boolean): Due[] {
    const { ready, delayed, inflight } = this.#server.queue(nameOf(job, dead)).inspectMessages();
    const times = [
      ...ready.map(() => 0),
      ...delayed.map(({ delayUntil }) => delayUntil ?? 0),
      ...inflight.map(({ visibilityDeadline }) => visibilityDeadline),
    ];
    return times.length === 0 ? [] : [{ job, dead, at: times.reduce((a, b) => Math.min(a, b)) }];
  }

  /** Nothing when the message was given up meanwhile. */
  async receive({ job, dead }: Due): Promise<QueueRecord | undefined> {
    const name = nameOf(job, dead);
    const answer = await this.#server.call('ReceiveMessage', {
      QueueUrl: this.#server.queue(name).url,
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: 0,
      MessageSystemAttributeNames: ['All'],
    });
    const [message] = received.parse(answer).Messages;
    if (message === undefined) return undefined;
    return {
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn(name),
      attributes: {
        ApproximateReceiveCount: Number(message.Attributes['ApproximateReceiveCount'] ?? 1),
      },
    };
  }

  async forget({ job, dead }: Due, { receiptHandle }: QueueRecord): Promise<void> {
    const { url } = this.#server.queue(nameOf(job, dead));
    await this.#server.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: receiptHandle });
  }

  async stop(): Promise<void> {
    this.#client.destroy();
    await this.#server.stop();
  }
}

function nameOf(job: string, dead = false): string {
  return `${job.replace('.', '-')}${dead ? '-dlq' : ''}`;
}
