import { beforeAll, describe, expect, test } from 'vitest';
import type { QueueRecord } from '../../functions/core/events.ts';
import type { Job } from '../../functions/core/job.ts';
import type { Invocation } from '../../functions/core/lambda.ts';
import { createLog } from '../../functions/core/log.ts';
import { workRecords } from '../../functions/core/queue-worker.ts';
import type { Environment } from '../../functions/core/services.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testQueues } from '../support/queues.ts';
import { createEffects, effects, runStatus, startToy, states, toyJob, toyQueues } from '../support/toy.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);
const first = toyJob('toy.first');
const lines: string[] = [];

let invocation: Invocation;
beforeAll(async () => {
  await createEffects(database.admin);
  invocation = invocationOn(database);
});

function invocationOn(where: Pick<TestDatabase, 'connect'>): Invocation {
  const log = createLog({ write: (line) => lines.push(line) });
  const environment: Environment = {
    work: where.connect('cuadre_jobs'),
    control: where.connect('cuadre_jobs'),
    log,
    codeVersion: 'test',
    config: {
      QUEUES: {},
      FUNCTION_TIMEOUT_SECONDS: 10,
      MAX_RECEIVES: 3,
      EXPORT_MAX_ROWS: 1,
      EXPORT_FILE_MAX_ROWS: 1,
    },
  };
  return {
    environment,
    log,
    requestId: 'request-1',
    functionArn: 'arn:aws:lambda:x',
    remaining: () => 600_000,
  };
}

function record(body: unknown, receives = 1): QueueRecord {
  return {
    messageId: 'm-1',
    receiptHandle: 'unknown to the queue',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:toy-first',
    attributes: { ApproximateReceiveCount: receives },
  };
}

async function work(body: unknown, job: Job = first): Promise<{ failed: string[]; said: string }> {
  lines.length = 0;
  const { batchItemFailures } = await workRecords(job, [record(body)], invocation, sqs.queues);
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), said: lines.join('\n') };
}

const ids = { runId: crypto.randomUUID(), jobRunId: crypto.randomUUID() };
const message = { schema: 1, ...ids, job: 'toy.first', version: 1 };

describe('a batch', () => {
  test('whose work is done reports nothing, sends what follows, and may come again', async () => {
    const run = await startToy(invocation.environment.control, '2026-01-02');
    const body = { ...message, runId: run.runId, jobRunId: run.jobRunId };
    expect((await work(body)).failed).toEqual([]);
    expect((await work(body)).failed).toEqual([]);
    expect(await effects(database.admin)).toEqual(['toy.first done']);
    expect(sqs.waiting('toy.second').filter((sent) => sent.includes(run.runId))).toHaveLength(1);
  });

  test('sends what it has committed itself, and not what another of the run is just sending', async () => {
    const run = await startToy(invocation.environment.control, '2026-01-12');
    const body = { ...message, runId: run.runId, jobRunId: run.jobRunId };
    // The first of the run is with the planner still, which has sent it and not yet written so.
    expect(await sqs.queues.send([{ id: '1', job: 'toy.first', body: JSON.stringify(body) }])).toBeDefined();
    expect((await work(body)).failed).toEqual([]);
    expect(sqs.waiting('toy.first').filter((sent) => sent.includes(run.runId))).toHaveLength(1);
    expect(sqs.waiting('toy.second').filter((sent) => sent.includes(run.runId))).toHaveLength(1);
  });

  test.each([
    ['is not JSON', 'hello', 'must be JSON'],
    ['lacks a key', { ...message, version: undefined }, 'message.version'],
    ['has a key too many', { ...message, rows: [] }, 'message.rows: is not a known key'],
    ['is of another job', { ...message, job: 'toy.second' }, 'must be toy.first in this queue'],
    ['is of an unknown run', message, `the ledger has no job run ${ids.jobRunId}`],
    [
      'is of newer code',
      { ...message, schema: 2, more: true },
      'the message has schema 2 and this code understands 1',
    ],
  ])('with a message that %s keeps it for the dead letters and says why', async (_what, body, why) => {
    const { failed, said } = await work(body);
    expect(failed).toEqual(['m-1']);
    expect(said).toContain(why);
  });

  test('goes on after a record that fails', async () => {
    const run = await startToy(invocation.environment.control, '2026-01-03');
    const good = { ...record({ ...message, runId: run.runId, jobRunId: run.jobRunId }), messageId: 'm-2' };
    const { batchItemFailures } = await workRecords(first, [record('hello'), good], invocation, sqs.queues);
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'm-1' }]);
    expect(await states(database.admin, run.runId)).toContain('toy.first succeeded 1');
  });

  test('is put off while the database cannot be reached, and nothing is recorded', async () => {
    const run = await startToy(invocation.environment.control, '2026-01-04');
    const body = { ...message, runId: run.runId, jobRunId: run.jobRunId };
    const away = invocationOn({ connect: (role) => database.connect(role, { port: 1 }) });
    const { batchItemFailures } = await workRecords(first, [record(body)], away, sqs.queues);
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'm-1' }]);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 0']);
    expect(await runStatus(database.admin, run.runId)).toBe('running');
  });
});
