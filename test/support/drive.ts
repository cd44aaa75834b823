import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { runDocument } from '../../functions/api/run-document.ts';
import { workerConfig } from '../../functions/core/config.ts';
import type { Job, JsonObject } from '../../functions/core/job.ts';
import { type JobMessage, jobMessage } from '../../functions/core/message.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { workRecords } from '../../functions/core/queue-worker.ts';
import type { Queues } from '../../functions/core/queues.ts';
import type { Environment } from '../../functions/core/services.ts';
import { type StartOptions, startPipeline } from '../../functions/core/start.ts';
import { sweep } from '../../functions/core/sweep.ts';
import type { TestDatabase } from './database.ts';
import { services, trigger } from './toy.ts';

export type RunDocument = z.output<typeof runDocument>;
export type JobRunDocument = RunDocument['jobs'][number];

/** Runs a pipeline by its messages, without a queue: the test says which of those that were sent is received next. */
export class Drive {
  /** Sent and not yet received for good, oldest first. */
  readonly waiting: JobMessage[] = [];
  readonly environment: Environment;
  readonly #database: TestDatabase;
  readonly #pipeline: Pipeline;
  readonly #jobs: ReadonlyMap<string, Job>;

  constructor(database: TestDatabase, pipeline: Pipeline, jobs: readonly Job[]) {
    this.#database = database;
    this.#pipeline = pipeline;
    this.#jobs = new Map(jobs.map((job) => [job.name, job]));
    const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
    this.environment = { ...to, config: workerConfig({ MAX_RECEIVES: '2' }) };
  }

  async start(
    asOf: string,
    { dryRun = false, input = {}, ...options }: Partial<StartOptions & Asked> = {},
  ): Promise<string> {
    const { control } = this.environment;
    const run = await startPipeline(control.sql, this.#pipeline, { asOf, dryRun, input }, trigger(), {
      inline: false,
      codeVersion: 'test',
      ...options,
    });
    await this.send(run.runId);
    return run.runId;
  }

  /** Of one run, or of all, as the sweeper does. */
  async send(runId: string | null = null): Promise<void> {
    await sendOutbox(this.environment.control, this.queues, runId);
  }

  /** As a function receives it, in an environment of its own when one is given; it stays when it failed. */
  async receive(message: JobMessage, environment = this.environment): Promise<void> {
    const job = this.#jobs.get(message.job);
    if (job === undefined) throw new Error(`no body for ${message.job}`);
    const record = {
      messageId: 'm',
      receiptHandle: 'r',
      body: JSON.stringify(message),
      eventSource: 'aws:sqs' as const,
      eventSourceARN: 'arn',
      attributes: { ApproximateReceiveCount: 1 },
    };
    const invocation = {
      environment,
      log: environment.log,
      requestId: randomUUID(),
      functionArn: 'arn',
      remaining: () => 600_000,
    };
    const { batchItemFailures } = await workRecords(job, [record], invocation, this.queues);
    const place = this.waiting.indexOf(message);
    if (batchItemFailures.length === 0 && place >= 0) this.waiting.splice(place, 1);
  }

  /** Until nothing is sent any more. @param next which of those waiting is received */
  async drain(next: (waiting: readonly JobMessage[]) => number = () => 0): Promise<void> {
    while (this.waiting.length > 0) {
      const message = this.waiting[next(this.waiting)];
      if (message === undefined) throw new Error('there is no such message');
      await this.receive(message);
    }
  }

  async sweep(): Promise<void> {
    await sweep(this.environment.control, this.queues, {
      enable: async () => true,
      disable: async () => true,
    });
  }

  async document(runId: string): Promise<RunDocument> {
    const [row] = await this.#database.admin.sql(z.strictObject({ document: runDocument }))`
      select document from ops.v_run_documents where run_id = ${runId}::uuid`;
    if (row === undefined) throw new Error(`there is no run ${runId}`);
    return row.document;
  }

  readonly queues: Queues = {
    urlOf: (arn) => arn,
    send: async (messages) => {
      for (const { body } of messages) {
        const message = jobMessage.safeParse(JSON.parse(body)).data;
        if (message !== undefined) this.waiting.push(message);
      }
      return new Map(messages.map(({ id }) => [id, randomUUID()]));
    },
    postpone: async () => {},
  };
}

interface Asked {
  readonly dryRun: boolean;
  readonly input: Readonly<Record<string, JsonObject>>;
}

/** `toy.a succeeded`, `toy.a[k2] failed` and so on. */
export function statesOf({ jobs }: RunDocument): string[] {
  return jobs
    .map(({ job, shard_key, status }) => `${job}${shard_key === null ? '' : `[${shard_key}]`} ${status}`)
    .toSorted();
}

export function jobOf({ jobs }: RunDocument, name: string, shard = 0): JobRunDocument {
  const found = jobs.find((each) => each.job === name && each.shard === shard);
  if (found === undefined) throw new Error(`the run has no ${name} ${shard}`);
  return found;
}
