import { systemClock } from '../../../infra/local/clock.ts';
import { type Queue, QueueServer } from '../../../infra/local/sqs/server.ts';
import { queue } from '../../../infra/local/sqs/types.ts';
import { Trail } from '../../../infra/local/trail.ts';
import type { Setup } from './orders.ts';
import { Worker } from './worker.ts';

type Received = ReturnType<Queue['dequeue']>[number];

const MOST_PER_BATCH = 10;

/** Node processes of workers; within one, environments share a core. */
const PROCESSES = 2;

/**
 * AWS's part, in this process: queues, and event source mappings that hand each message to a free worker and delete it
 * once it is acknowledged. The workers' part is in processes of its own.
 */
export class AwsPart {
  readonly #server: QueueServer;
  readonly #workers: readonly Worker[];
  readonly #most: number;
  readonly #received: { readonly job: string; readonly message: Received }[] = [];
  readonly #loops: Promise<void>[];
  #stopping = false;
  #left = 0;
  #rest: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(server: QueueServer, jobs: readonly string[], setup: Setup, workers: number) {
    this.#server = server;
    this.#workers = Array.from({ length: PROCESSES }, () => new Worker(setup));
    this.#most = Math.ceil(workers / PROCESSES);
    this.#loops = jobs.map((job) => this.#poll(job));
  }

  static async start(
    jobs: readonly string[],
    others: readonly string[],
    setup: Omit<Setup, 'queues'>,
    workers: number,
  ): Promise<AwsPart> {
    const server = await QueueServer.start({ port: 0, trail: new Trail(systemClock) });
    const queues = Object.fromEntries(
      [...jobs, ...others].map((job) => {
        server.create(nameOf(job), queue.properties.parse({ VisibilityTimeout: 360 }));
        return [job, server.queue(nameOf(job)).url];
      }),
    );
    return new AwsPart(server, jobs, { ...setup, queues }, workers);
  }

  get pids(): number[] {
    return this.#workers.map(({ pid }) => pid);
  }

  async plan(asOf: string): Promise<void> {
    await this.#freest().ask({ kind: 'plan', asOf });
  }

  /** Resolves once so many messages are worked and deleted; asked before the first of them is sent. */
  worked(messages: number): Promise<void> {
    this.#left = messages;
    this.#rest = Promise.withResolvers();
    return this.#rest.promise;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#server.interrupt();
    await Promise.all(this.#loops);
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#server.stop();
  }

  /** An event source mapping reads its queue inside AWS: in this process, not over the protocol that functions send by. */
  async #poll(job: string): Promise<void> {
    const queue = this.#server.queue(nameOf(job));
    while (!this.#stopping) {
      const messages = queue.dequeue(MOST_PER_BATCH);
      if (messages.length === 0) await queue.waitForMessages(20);
      for (const message of messages) this.#received.push({ job, message });
      this.#dispatch();
    }
  }

  #dispatch(): void {
    for (let worker = this.#freest(); worker.busy < this.#most; worker = this.#freest()) {
      const next = this.#received.shift();
      if (next === undefined) return;
      this.#work(worker, next.job, next.message).then(
        () => this.#dispatch(),
        (error: unknown) => this.#rest.reject(error),
      );
    }
  }

  async #work(worker: Worker, job: string, message: Received): Promise<void> {
    const { MessageId: messageId, ReceiptHandle: receiptHandle, Body: body } = message;
    const queue = this.#server.queue(nameOf(job));
    const receives = queue.inflightMessages.get(receiptHandle)?.message.approximateReceiveCount ?? 1;
    await worker.ask({ kind: 'work', job, messageId, receiptHandle, body, receives });
    queue.deleteMessage(receiptHandle);
    this.#left -= 1;
    if (this.#left === 0) this.#rest.resolve();
  }

  #freest(): Worker {
    return this.#workers.reduce((best, each) => (each.busy < best.busy ? each : best));
  }
}

function nameOf(job: string): string {
  return job.replace('.', '-');
}
