import { randomUUID } from 'node:crypto';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { workerConfig } from '../../../functions/core/config.ts';
import { connect } from '../../../functions/core/database.ts';
import type { Job } from '../../../functions/core/job.ts';
import { createLog } from '../../../functions/core/log.ts';
import { workRecords } from '../../../functions/core/queue-worker.ts';
import { type Queues, sqsQueues } from '../../../functions/core/queues.ts';
import type { Environment } from '../../../functions/core/services.ts';
import type { QueueServer } from './queue-server.ts';

const silent = createLog({ level: 'error' });

/** A Lambda environment without Lambda: two connections, and the code that Lambda would call. */
export function environmentOf(url: string): Environment {
  const open = (name: string) => connect({ url, applicationName: `bench ${name}` });
  return {
    work: open('work'),
    control: open('control'),
    log: silent,
    codeVersion: 'bench',
    config: workerConfig({}),
  };
}

export async function closeEnvironment({ work, control }: Environment): Promise<void> {
  await Promise.all([work.close(), control.close()]);
}

interface Received {
  readonly job: Job;
  readonly url: string;
  readonly message: Message;
}

/**
 * What event source mappings do: receive from each job's queue, hand each message to a free environment, delete what
 * was acknowledged.
 */
export class Workers {
  readonly queues: Queues;
  readonly #server: QueueServer;
  readonly #stopping = new AbortController();
  readonly #received: Received[] = [];
  readonly #free: Environment[];
  readonly #all: readonly Environment[];
  readonly #loops: Promise<void>[] = [];
  readonly #working = new Set<Promise<void>>();
  #expected = 0;
  #done = 0;
  #rest: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(server: QueueServer, jobs: ReadonlyMap<string, Job>, url: string, workers: number) {
    this.#server = server;
    this.queues = sqsQueues(server.urls, server.client);
    this.#all = Array.from({ length: workers }, () => environmentOf(url));
    this.#free = [...this.#all];
    for (const job of jobs.values()) this.#loops.push(this.#poll(job));
  }

  /** Resolves once so many more messages are worked and acknowledged. */
  async worked(messages: number): Promise<void> {
    this.#expected += messages;
    this.#rest = Promise.withResolvers();
    if (this.#done >= this.#expected) return;
    await this.#rest.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    await Promise.all(this.#working);
    await Promise.all(this.#all.map(closeEnvironment));
  }

  async #poll(job: Job): Promise<void> {
    const url = this.#server.urls[job.name] ?? '';
    while (!this.#stopping.signal.aborted) {
      const receive = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const answer = await this.#server.client
        .send(receive, { abortSignal: this.#stopping.signal })
        .catch((error: unknown) => {
          if (this.#stopping.signal.aborted) return { Messages: [] };
          throw error;
        });
      for (const message of answer.Messages ?? []) this.#received.push({ job, url, message });
      this.#dispatch();
    }
  }

  #dispatch(): void {
    while (this.#received.length > 0) {
      const environment = this.#free.pop();
      if (environment === undefined) return;
      const next = this.#received.shift();
      if (next === undefined) return;
      const working = this.#work(next, environment).finally(() => {
        this.#working.delete(working);
        this.#free.push(environment);
        this.#dispatch();
      });
      this.#working.add(working);
    }
  }

  async #work({ job, url, message }: Received, environment: Environment): Promise<void> {
    const record = {
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle ?? '',
      body: message.Body ?? '',
      eventSource: 'aws:sqs' as const,
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${job.name}`,
      attributes: { ApproximateReceiveCount: Number(message.Attributes?.['ApproximateReceiveCount'] ?? 1) },
    };
    const invocation = {
      environment,
      log: silent,
      requestId: randomUUID(),
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
      remaining: () => 60_000,
    };
    const { batchItemFailures } = await workRecords(job, [record], invocation, this.queues);
    if (batchItemFailures.length > 0) throw new Error(`${job.name} did not acknowledge its message`);
    await this.#server.client.send(
      new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: record.receiptHandle }),
    );
    this.#done += 1;
    if (this.#done === this.#expected) this.#rest.resolve();
  }
}
