import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import type { Services } from '../../functions/core/execute.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import { testDatabase } from '../support/database.ts';
import { testQueues } from '../support/queues.ts';
import {
  deliver,
  effects,
  goSilent,
  jobRunOf,
  nextDate,
  runStatus,
  services,
  startToy,
  states,
  toyJob,
  toyQueues,
} from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);

let to: Services;

beforeAll(async () => {
  ({ to } = await toyWorld(database));
});

beforeEach(() => database.admin.script('truncate public.toy_effects'));

const errorRow = z.strictObject({ error: z.json() });
const first = toyJob('toy.first');

describe('a message', () => {
  test('does its work once however often it arrives', async () => {
    const run = await startToy(to.control, nextDate());
    expect(await deliver(to, first, run.jobRunId)).toMatchObject({ kind: 'settled', runId: run.runId });
    expect(await deliver(to, first, run.jobRunId)).toEqual({ kind: 'settled', runId: run.runId });
    expect(await effects(database.admin)).toEqual(['toy.first done']);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 1', 'toy.second queued 0']);
  });

  test('of a job run that another worker is at is put off, not worked', async () => {
    const run = await startToy(to.control, nextDate());
    const inner = toyJob('toy.first', async () => {
      expect(
        await deliver(services(database.connect('cuadre_jobs'), to.control), first, run.jobRunId),
      ).toEqual({
        kind: 'busy',
        runId: run.runId,
      });
    });
    await deliver(to, inner, run.jobRunId);
    expect(await effects(database.admin)).toEqual(['toy.first done']);
  });

  test('from before a requeue is stale, and one from the future or of nowhere is unknown', async () => {
    const run = await startToy(to.control, nextDate());
    await database.admin.sql`update ops.job_runs set version = 3 where job_run_id = ${run.jobRunId}::uuid`;
    expect(await deliver(to, first, run.jobRunId, { version: 2 })).toEqual({
      kind: 'settled',
      runId: run.runId,
    });
    expect((await deliver(to, first, run.jobRunId, { version: 4 })).kind).toBe('unknown');
    expect((await deliver(to, first, '00000000-0000-4000-8000-000000000000')).kind).toBe('unknown');
    expect(await effects(database.admin)).toEqual([]);
  });
});

describe('a worker that dies', () => {
  test('with its backend in the middle of the work leaves nothing; the next attempt does it', async () => {
    const run = await startToy(to.control, nextDate());
    const killed = toyJob('toy.first', async ({ sql }) => {
      await database.admin.sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = 'cuadre_jobs' and state = 'idle in transaction'`;
      await sql`select 1`;
    });
    const settlement = await deliver(to, killed, run.jobRunId);
    expect(settlement).toMatchObject({ kind: 'again', runId: run.runId });
    expect(await effects(database.admin)).toEqual([]);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 1']);
    await deliver(to, first, run.jobRunId);
    expect(await effects(database.admin)).toEqual(['toy.first done']);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 2', 'toy.second queued 0']);
  });

  test('silently is superseded, and cannot commit when it comes back', async () => {
    const run = await startToy(to.control, nextDate());
    const cutOff = toyJob('toy.first', async () => {
      await goSilent(database.admin, run.jobRunId);
      const other = services(database.connect('cuadre_jobs'), to.control);
      expect(await deliver(other, first, run.jobRunId)).toMatchObject({ kind: 'settled' });
    });
    expect(await deliver(to, cutOff, run.jobRunId)).toEqual({ kind: 'settled', runId: run.runId });
    expect(await effects(database.admin)).toEqual(['toy.first done']);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 2', 'toy.second queued 0']);
  });

  test('after the commit and before sending leaves the message due; whoever comes next sends it', async () => {
    const run = await startToy(to.control, nextDate());
    await sendOutbox(to.control, sqs.queues, null);
    await deliver(to, first, run.jobRunId);
    expect(sqs.waiting('toy.second').filter((body) => body.includes(run.runId))).toEqual([]);
    expect(await sendOutbox(to.control, sqs.queues, null)).toBe(1);
    expect(sqs.waiting('toy.second').filter((body) => body.includes(run.runId))).toHaveLength(1);
    expect(await sendOutbox(to.control, sqs.queues, null)).toBe(0);
  });
});

describe('an error', () => {
  const permanent = toyJob('toy.second', async () => {
    throw new PermanentError('the books are not ours', { code: 'NOT_OURS' });
  });
  const retryable = toyJob('toy.first', async () => {
    throw new RetryableError('not now', { code: 'LATER' });
  });

  test('that is permanent fails the job run at once, skips what waits for it, and still runs what always runs', async () => {
    const run = await startToy(to.control, nextDate());
    await deliver(to, first, run.jobRunId);
    await deliver(to, permanent, await jobRunOf(database.admin, run.runId, 'toy.second'));
    expect(await states(database.admin, run.runId)).toEqual([
      'toy.first succeeded 1',
      'toy.second failed 1',
      'toy.third skipped 0',
      'toy.alert queued 0',
    ]);
    expect(await runStatus(database.admin, run.runId)).toBe('running');
    await deliver(to, toyJob('toy.alert'), await jobRunOf(database.admin, run.runId, 'toy.alert'));
    expect(await runStatus(database.admin, run.runId)).toBe('failed NOT_OURS toy.second');
    expect(await effects(database.admin)).toEqual(['toy.alert done', 'toy.first done']);
  });

  test('that is retryable comes back after a pause, and is final at the last attempt', async () => {
    const run = await startToy(to.control, nextDate());
    for (const ceiling of [5, 10]) {
      const settlement = await deliver(to, retryable, run.jobRunId);
      expect(settlement).toMatchObject({ kind: 'again' });
      expect(settlement.kind === 'again' ? settlement.seconds : 0).toBeLessThanOrEqual(ceiling);
    }
    expect(await deliver(to, retryable, run.jobRunId)).toEqual({ kind: 'settled', runId: run.runId });
    expect(await states(database.admin, run.runId)).toEqual([
      'toy.first failed 3',
      'toy.second skipped 0',
      'toy.third skipped 0',
      'toy.alert queued 0',
    ]);
  });

  test('in the input of a job is permanent and names the key', async () => {
    const run = await startToy(to.control, nextDate());
    await database.admin
      .sql`update ops.job_runs set input = '{"nota": 1}' where job_run_id = ${run.jobRunId}::uuid`;
    await deliver(to, first, run.jobRunId);
    const error = await database.admin.sql(
      errorRow,
    )`select error from ops.job_runs where job_run_id = ${run.jobRunId}::uuid`;
    expect(error[0]?.error).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ field: 'nota', value: 1, rule: 'is not a known key' }],
    });
  });
});

describe('a long job', () => {
  const chunked = toyJob('toy.first', async ({ checkpoint }) => {
    const done = typeof checkpoint === 'number' ? checkpoint + 1 : 1;
    return done < 4 ? { report: {}, next: done } : { report: { chunks: done } };
  });

  test('commits chunk by chunk and reports once', async () => {
    const run = await startToy(to.control, nextDate());
    await deliver(to, chunked, run.jobRunId);
    expect(await effects(database.admin)).toEqual(Array(4).fill('toy.first done'));
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 1', 'toy.second queued 0']);
  });

  test('hands over before the deadline and goes on from its checkpoint under a new version', async () => {
    const run = await startToy(to.control, nextDate());
    await sendOutbox(to.control, sqs.queues, run.runId);
    const time = [100_000, 100_000, 90_000, 20_000];
    await deliver(to, chunked, run.jobRunId, { remaining: () => time.shift() ?? 20_000 });
    const before = await effects(database.admin);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(4);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 1']);
    expect(await sendOutbox(to.control, sqs.queues, run.runId)).toBe(1);
    expect(await deliver(to, chunked, run.jobRunId)).toEqual({ kind: 'settled', runId: run.runId });
    expect(await effects(database.admin)).toEqual(before);
    await deliver(to, chunked, run.jobRunId, { version: 2 });
    expect(await effects(database.admin)).toHaveLength(4);
  });

  test('that loses its connection between chunks keeps the chunks it has committed', async () => {
    const run = await startToy(to.control, nextDate());
    const breaking = toyJob('toy.first', async ({ checkpoint, sql }) => {
      if (checkpoint === 2) {
        await database.admin.sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and usename = 'cuadre_jobs' and state = 'idle in transaction'`;
        await sql`select 1`;
      }
      return { report: {}, next: typeof checkpoint === 'number' ? checkpoint + 1 : 1 };
    });
    expect(await deliver(to, breaking, run.jobRunId)).toMatchObject({ kind: 'again' });
    expect(await effects(database.admin)).toHaveLength(2);
    await deliver(to, chunked, run.jobRunId);
    expect(await effects(database.admin)).toHaveLength(4);
  });
});
