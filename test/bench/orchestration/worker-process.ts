/** Lambda environments without Lambda: the code that it would call, each call with two connections to itself. */
import { randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { workerConfig } from '../../../functions/core/config.ts';
import { connect } from '../../../functions/core/database.ts';
import { createLog } from '../../../functions/core/log.ts';
import { plan } from '../../../functions/core/planner.ts';
import { workRecords } from '../../../functions/core/queue-worker.ts';
import { clientSettings, sqsQueues } from '../../../functions/core/queues.ts';
import type { Environment } from '../../../functions/core/services.ts';
import { type Order, order, setup } from './orders.ts';
import { chainOf } from './tasks.ts';

const { url, queues: urls, tasks } = setup.parse(JSON.parse(process.argv[2] ?? ''));
const { chain, jobs } = chainOf(tasks);
const client = new SQSClient({
  ...clientSettings,
  endpoint: new URL(Object.values(urls)[0] ?? '').origin,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const queues = sqsQueues(urls, client);
const log = createLog({ level: 'error' });
const all: Environment[] = [];
const idle: Environment[] = [];

function environment(): Environment {
  const open = (name: string) => connect({ url, applicationName: `bench ${name}` });
  const made = {
    work: open('work'),
    control: open('control'),
    log,
    codeVersion: 'bench',
    config: workerConfig({}),
  };
  all.push(made);
  return made;
}

async function carryOut(what: Order): Promise<void> {
  const mine = idle.pop() ?? environment();
  const invocation = {
    environment: mine,
    log,
    requestId: randomUUID(),
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    remaining: () => 60_000,
  };
  try {
    if (what.kind === 'plan') {
      const now = new Date();
      const trigger = { kind: 'invoke' as const, key: `bench ${randomUUID()}`, detail: {}, due: now, now };
      await plan(chain, { asOf: what.asOf, dryRun: false, input: {} }, trigger, invocation, queues);
      return;
    }
    const job = jobs.get(what.job);
    if (job === undefined) throw new Error(`no job ${what.job}`);
    const record = {
      messageId: what.messageId,
      receiptHandle: what.receiptHandle,
      body: what.body,
      eventSource: 'aws:sqs' as const,
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${what.job.replace('.', '-')}`,
      attributes: { ApproximateReceiveCount: what.receives },
    };
    const { batchItemFailures } = await workRecords(job, [record], invocation, queues);
    if (batchItemFailures.length > 0) throw new Error(`${what.job} did not acknowledge its message`);
  } finally {
    idle.push(mine);
  }
}

process.on('message', (message) => {
  const what = order.parse(message);
  carryOut(what).then(
    () => process.send?.({ id: what.id, error: null }),
    (error: unknown) => process.send?.({ id: what.id, error: String(error) }),
  );
});
process.once('disconnect', () => {
  void Promise.all(all.flatMap(({ work, control }) => [work.close(), control.close()])).finally(() => {
    client.destroy();
  });
});
