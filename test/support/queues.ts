import { SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll } from 'vitest';
import { type Queues, sqsQueues } from '../../functions/core/queues.ts';

export interface TestQueues {
  readonly queues: Queues;
  /** The same for a function that knows the queues of these jobs and no other. */
  only(...jobs: string[]): Queues;
  readonly server: FauxqsServer;
  /** Job name -> queue URL, as a function's QUEUES has it. */
  readonly urls: Readonly<Record<string, string>>;
  /** Messages waiting in a job's queue, as bodies. */
  waiting(job: string): string[];
}

/** SQS's protocol on this machine, with a queue per job. */
export function testQueues(jobs: readonly string[]): TestQueues {
  let server: FauxqsServer | undefined;
  let client: SQSClient | undefined;
  let queues: Queues | undefined;
  let urls: Readonly<Record<string, string>> | undefined;

  beforeAll(async () => {
    const started = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
    server = started;
    for (const job of jobs) started.createQueue(nameOf(job));
    const endpoint = `http://127.0.0.1:${started.port}`;
    urls = Object.fromEntries(jobs.map((job) => [job, `${endpoint}/000000000000/${nameOf(job)}`]));
    client = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    queues = sqsQueues(urls, client);
  });

  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });

  return {
    get queues() {
      return made(queues);
    },
    get urls() {
      return made(urls);
    },
    only(...jobs) {
      const known = Object.entries(made(urls)).filter(([job]) => jobs.includes(job));
      return sqsQueues(Object.fromEntries(known), made(client));
    },
    get server() {
      return made(server);
    },
    waiting(job) {
      const found = made(server).inspectQueue(nameOf(job));
      return (found?.messages.ready ?? []).map((message) => message.body);
    },
  };
}

function nameOf(job: string): string {
  return job.replace('.', '-');
}

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the queues exist from the first beforeAll on');
  return value;
}
