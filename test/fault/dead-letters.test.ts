import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { bury } from '../../functions/core/dead-letters.ts';
import type { Invocation } from '../../functions/core/lambda.ts';
import { createLog } from '../../functions/core/log.ts';
import { testDatabase } from '../support/database.ts';
import { environmentOf } from '../support/http.ts';
import { testQueues } from '../support/queues.ts';
import {
  createEffects,
  deliver,
  runStatus,
  services,
  startToy,
  states,
  toyJob,
  toyQueues,
} from '../support/toy.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);
let invocation: Invocation;
let day = 0;

beforeAll(async () => {
  await createEffects(database.admin);
  const environment = environmentOf(database, 'cuadre_jobs');
  const log = createLog({ write: () => {} });
  invocation = { environment, log, requestId: 'r', functionArn: 'arn', remaining: () => 60_000 };
});

function start() {
  day += 1;
  return startToy(invocation.environment.control, `2026-01-${String(day).padStart(2, '0')}`);
}

async function buried(
  body: unknown,
  queue = 'toy-first-dlq',
  messageId: string = randomUUID(),
): Promise<string | undefined> {
  const record = {
    messageId,
    receiptHandle: 'r',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    eventSource: 'aws:sqs' as const,
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    attributes: { ApproximateReceiveCount: 6 },
  };
  await bury(record, invocation, sqs.queues);
  const [row] = await database.admin.sql(z.strictObject({ reason: z.string() }))`
    select reason from ops.dead_letters where sqs_message_id = ${messageId}`;
  return row?.reason;
}

describe('a dead letter', () => {
  test('of a job run that waits fails it, resolves the run and sends what always runs', async () => {
    const run = await start();
    const message = { schema: 1, runId: run.runId, jobRunId: run.jobRunId, job: 'toy.first', version: 1 };
    expect(await buried(message)).toBe('RECEIVES_EXHAUSTED');
    expect(await states(database.admin, run.runId)).toEqual([
      'toy.first failed 0',
      'toy.second skipped 0',
      'toy.third skipped 0',
      'toy.alert queued 0',
    ]);
    expect(sqs.waiting('toy.alert').filter((body) => body.includes(run.runId))).toHaveLength(1);
  });

  test('that comes twice is kept once', async () => {
    const run = await start();
    const message = { schema: 1, runId: run.runId, jobRunId: run.jobRunId, job: 'toy.first', version: 1 };
    const id = randomUUID();
    await buried(message, 'toy-first-dlq', id);
    await buried(message, 'toy-first-dlq', id);
    const rows = await database.admin.sql(z.strictObject({ n: z.int() }))`
      select count(*)::integer as n from ops.dead_letters where job_run_id = ${run.jobRunId}::uuid`;
    expect(rows).toEqual([{ n: 1 }]);
  });

  test('of a job run that has moved on changes nothing there', async () => {
    const run = await start();
    const to = services(invocation.environment.work, invocation.environment.control);
    await deliver(to, toyJob('toy.first'), run.jobRunId);
    await buried({ schema: 1, runId: run.runId, jobRunId: run.jobRunId, job: 'toy.first', version: 1 });
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 1', 'toy.second queued 0']);
  });

  test('of newer code fails the job run it names, so that its date is not blocked for ever', async () => {
    const run = await start();
    const message = {
      schema: 2,
      runId: run.runId,
      jobRunId: run.jobRunId,
      job: 'toy.first',
      version: 1,
      more: true,
    };
    expect(await buried(message)).toBe('NEWER_MESSAGE');
    expect(await states(database.admin, run.runId)).toContain('toy.first failed 0');
  });

  test('from the wrong queue decides nothing about the job run it names', async () => {
    const run = await start();
    const message = { schema: 1, runId: run.runId, jobRunId: run.jobRunId, job: 'toy.first', version: 1 };
    expect(await buried(message, 'toy-second-dlq')).toBe('MISDIRECTED_MESSAGE');
    expect(await runStatus(database.admin, run.runId)).toBe('running');
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 0']);
  });

  test.each<[string, unknown, string]>([
    ['text', 'hello', 'UNREADABLE_MESSAGE'],
    ['other JSON', { a: 1 }, 'UNREADABLE_MESSAGE'],
    [
      'a failed invocation',
      {
        requestContext: { functionArn: 'arn:f', condition: 'RetriesExhausted' },
        responsePayload: { errorMessage: 'no' },
      },
      'INVOCATION_FAILED',
    ],
    ['an undelivered schedule', { source: 'schedule', scheduleArn: 'arn:s' }, 'SCHEDULE_NOT_DELIVERED'],
  ])('that is %s is kept whole, with its reason', async (_what, body, reason) => {
    expect(await buried(body)).toBe(reason);
  });
});
