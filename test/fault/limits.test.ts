import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { type Outcome, shardedJob } from '../../functions/core/job.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { type Pipeline, pipeline } from '../../functions/core/pipeline.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive, jobOf, statesOf } from '../support/drive.ts';
import { createEffects, goSilent, nextDate, toyJob } from '../support/toy.ts';

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };
const base = {
  name: 'toy-limits',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
};
/** Two at a time of the shards, over all runs. */
const byJob = pipeline({
  ...base,
  jobs: {
    'toy.split': { ...node, after: [], concurrency: 2 },
    'toy.after': { ...node, after: ['toy.split'] },
  },
});
/** Two at a time of anything. */
const byPipeline = pipeline({
  ...base,
  concurrency: 2,
  jobs: {
    'toy.a': { ...node, after: [] },
    'toy.b': { ...node, after: [] },
    'toy.c': { ...node, after: [], concurrency: 1 },
    'toy.d': { ...node, after: [] },
  },
});
const by = { operator: 'ana', reason: 'a test' };

describe.each(versions)('a limit on what goes on at once, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let drive: Drive;
  let tests = 0;
  let meanwhile: (key: string) => Promise<Partial<Outcome> | undefined>;

  const split = shardedJob({
    name: 'toy.split',
    input: z.strictObject({}),
    shards: {
      input: z.strictObject({}),
      split: async () => ['1', '2', '3', '4', '5'].map((key) => ({ key })),
    },
    run: async ({ shard }) => ({ report: { written: 1 }, ...(await meanwhile(shard.key)) }),
  });
  const plain = ['a', 'b', 'c', 'd', 'after'].map((name) =>
    toyJob(`toy.${name}`, async () => {
      await meanwhile(name);
      return undefined;
    }),
  );
  const driving = (what: Pipeline) =>
    new Drive(database, { ...what, name: `${what.name}-${tests}` }, [split, ...plain]);
  const sent = () => drive.waiting.map(({ job }) => job);
  const first = () => {
    const [message] = drive.waiting;
    if (message === undefined) throw new Error('nothing was sent');
    return message;
  };
  const inLine = () =>
    database.admin.sql`select from ops.waiting_job_runs where pipeline = ${`toy-limits-${tests}`}`;

  beforeAll(() => createEffects(database.admin));
  beforeEach(() => {
    // A pipeline of its own: nobody else's job runs count.
    tests += 1;
    meanwhile = async () => undefined;
    drive = driving(byJob);
  });

  test('lets so many shards be sent, and the next when one is settled', async () => {
    const runId = await drive.start(nextDate());
    await drive.receive(first());
    expect(sent()).toHaveLength(2);
    const document = await drive.document(runId);
    expect(document.jobs.filter(({ waiting }) => waiting).map(({ shard }) => shard)).toEqual([3, 4, 5]);
    expect(document.jobs.every(({ status, waiting }) => !waiting || status === 'queued')).toBe(true);
    await drive.receive(first());
    expect(sent()).toHaveLength(2);
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
    expect(await inLine()).toBe(0);
  });

  test('holds over all runs of the pipeline, and whoever settles sends for the other run too', async () => {
    const one = await drive.start(nextDate());
    const two = await drive.start(nextDate());
    // The splitting steps of both are under way: the limit is reached.
    expect(drive.waiting.map(({ runId }) => runId)).toEqual([one, two]);
    const three = await drive.start(nextDate());
    expect(drive.waiting).toHaveLength(2);
    await drive.receive(first());
    // The step's slot went to the next in line: the third run, which asked before the shards did.
    expect(drive.waiting.map(({ runId }) => runId)).toEqual([two, three]);
    await drive.drain();
    for (const runId of [one, two, three]) expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('holds for a whole pipeline, together with that of a job', async () => {
    drive = driving(byPipeline);
    const runs = [await drive.start(nextDate()), await drive.start(nextDate())];
    const underWay = new Set<string>();
    let most = 0;
    while (drive.waiting.length > 0) {
      expect(drive.waiting.length).toBeLessThanOrEqual(2);
      expect(sent().filter((job) => job === 'toy.c').length).toBeLessThanOrEqual(1);
      most = Math.max(most, drive.waiting.length);
      underWay.add(first().jobRunId);
      await drive.receive(first());
    }
    expect(most).toBe(2);
    expect(underWay.size).toBe(8);
    for (const runId of runs) expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('keeps the slot through pauses, chunks and handing over', async () => {
    let tries = 0;
    meanwhile = async (key) => {
      if (key !== '1') return undefined;
      tries += 1;
      if (tries === 1) throw new RetryableError('the line is down', { code: 'DOWN' });
      return undefined;
    };
    const runId = await drive.start(nextDate());
    await drive.receive(first());
    await drive.receive(first());
    expect(jobOf(await drive.document(runId), 'toy.split', 1)).toMatchObject({
      status: 'queued',
      waiting: false,
    });
    expect(sent()).toHaveLength(2);
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('gives on the slot of what failed, of what was cancelled, and of a worker that was given up', async () => {
    meanwhile = async (key) => {
      if (key === '1') throw new PermanentError('no books', { code: 'NO_BOOKS' });
      return undefined;
    };
    const runId = await drive.start(nextDate());
    const other = await drive.start(nextDate());
    await drive.receive(first());
    await drive.receive(first());
    await cancelRun(database.admin.sql, other, by);
    await drive.send();
    expect(statesOf(await drive.document(other))).toContain('toy.split failed');
    const shard = jobOf(await drive.document(runId), 'toy.split', 2);
    expect(shard).toMatchObject({ status: 'queued', waiting: false });
    await database.admin.sql`select ops.begin_attempt(${shard.job_run_id}::uuid, 1, 'sqs', 'r', 'test')`;
    await goSilent(database.admin, shard.job_run_id);
    await database.admin.sql`select ops.sweep(1)`;
    await drive.send();
    await drive.drain();
    const document = await drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({
      status: 'failed',
      shards: { settled: 5, failed: 2 },
    });
    expect(await inLine()).toBe(0);
    meanwhile = async () => undefined;
    expect(await retryRun(database.admin.sql, runId, by)).toBe(2);
    expect(await retryRun(database.admin.sql, other, by)).toBeGreaterThan(2);
    await drive.send();
    expect(sent()).toHaveLength(2);
    await drive.drain();
    for (const each of [runId, other]) expect((await drive.document(each)).status).toBe('succeeded');
  });

  test('lets nobody be forgotten when a worker dies between its commit and its messages', async () => {
    const runId = await drive.start(nextDate());
    await drive.receive(first());
    // Settled, and nothing sent: the message comes again, finds the job run settled, and its receiver sends what is due.
    const message = first();
    const [begun] = await database.admin.sql(z.strictObject({ n: z.int() }))`
      select attempt as n from ops.begin_attempt(${message.jobRunId}::uuid, 1, 'sqs', 'r', 'test')`;
    await database.admin.sql`
      select ops.complete_attempt(${message.jobRunId}::uuid, ${begun?.n ?? 0}, '{}', 0)`;
    expect(sent()).toHaveLength(2);
    await drive.receive(message);
    expect(sent()).toHaveLength(2);
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('is not reached twice by two who settle at once', async () => {
    const runId = await drive.start(nextDate());
    await drive.receive(first());
    const both = Promise.withResolvers<void>();
    let arrived = 0;
    meanwhile = async () => {
      arrived += 1;
      if (arrived === 2) both.resolve();
      await both.promise;
      return undefined;
    };
    const environments = [driving(byJob).environment, driving(byJob).environment];
    await Promise.all(
      [...drive.waiting].map((message, place) => drive.receive(message, environments[place])),
    );
    await Promise.all(environments.flatMap(({ work, control }) => [work.close(), control.close()]));
    expect(sent()).toHaveLength(2);
    meanwhile = async () => undefined;
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('does not hold what a person runs inline', async () => {
    await drive.start(nextDate());
    await drive.start(nextDate());
    const runId = await drive.start(nextDate(), { inline: true });
    expect((await drive.document(runId)).jobs).toMatchObject([{ status: 'queued', waiting: false }]);
    expect(await inLine()).toBe(0);
  });

  test('sends what is in line when the sweeper finds a free slot', async () => {
    const runId = await drive.start(nextDate());
    await drive.receive(first());
    // Somebody ended the two that hold the slots without giving them on.
    await database.admin.sql`
      update ops.job_runs j set status = 'failed', error = '{}', finished_at = now()
      where run_id = ${runId}::uuid and shard > 0 and not exists (select from ops.waiting_job_runs w where w.job_run_id = j.job_run_id)`;
    drive.waiting.length = 0;
    await drive.sweep();
    expect(sent()).toHaveLength(2);
  });
});
