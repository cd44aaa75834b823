import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PermanentError } from '../../functions/core/errors.ts';
import { type Job, type JobContext, type Outcome, shardedJob } from '../../functions/core/job.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { type Pipeline, pipeline } from '../../functions/core/pipeline.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive, jobOf, statesOf } from '../support/drive.ts';
import { createEffects, nextDate, toyJob } from '../support/toy.ts';

const by = { operator: 'ana', reason: 'a test' };
const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };
const always = true;

const toys = (name: string, jobs: Pipeline['jobs']) =>
  pipeline({
    name,
    domain: 'toy',
    timeZone: 'America/Lima',
    schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
    jobs,
  });

const chain = toys('toy-chain', {
  'toy.leads': { ...node, after: [] },
  'toy.claims': { ...node, after: ['toy.leads'] },
  'toy.alerts': { ...node, after: ['toy.claims'], always },
  'toy.publication': { ...node, after: ['toy.alerts'], always },
});

const soft = toys('toy-soft', {
  'toy.prices': { ...node, after: [] },
  'toy.rank': { ...node, after: [], softAfter: [{ job: 'toy.prices', maxAgeDays: 5 }] },
});

const sharded = 'toy.halves';

const parted = toys('toy-parted', {
  'toy.prices': { ...node, after: [] },
  [sharded]: { ...node, after: [], softAfter: [{ job: 'toy.prices', maxAgeDays: 5 }] },
});

describe.each(versions)('a run taken up again, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => createEffects(database.admin));

  /**
   * Nights of one pipeline in which what is broken fails. `seen` are the stale inputs that each work was told of, in order.
   * @param chunked this one commits a first chunk before it fails
   */
  function nights(of: Pipeline, chunked?: string) {
    const night = { broken: [] as readonly string[], seen: [] as string[] };
    const works = async (name: string, { staleInputs, checkpoint }: Told): Promise<Outcome | undefined> => {
      night.seen.push([name, ...staleInputs.map(({ job, asOf }) => `${job} of ${asOf}`)].join(' '));
      if (name === chunked && checkpoint === null) return { report: {}, next: 'second' };
      if (night.broken.includes(name)) throw new PermanentError('broken', { code: 'BROKEN' });
      return undefined;
    };
    const drive = new Drive(
      database,
      of,
      Object.keys(of.jobs).map((name) =>
        name === sharded ? halves(works) : toyJob(name, (context) => works(name, context)),
      ),
    );
    return {
      drive,
      night,
      /** The jobs that a new run fails in; nothing is broken after it. */
      async failing(asOf: string, ...broken: readonly string[]): Promise<string> {
        night.broken = broken;
        const runId = await drive.start(asOf);
        await drive.drain();
        night.broken = [];
        night.seen = [];
        return runId;
      },
      /** What is sent at once. */
      async retried(runId: string): Promise<string[]> {
        await retryRun(database.admin.sql, runId, by);
        await drive.send(runId);
        return drive.waiting.map(({ job }) => job);
      },
    };
  }

  test('holds what always runs back until what it comes after is settled', async () => {
    const { failing, retried, drive, night } = nights(chain);
    const runId = await failing(nextDate(), 'toy.leads', 'toy.alerts', 'toy.publication');
    expect(await retried(runId)).toEqual(['toy.leads']);
    const held = await drive.document(runId);
    expect(held.jobs.map(({ job, status, waiting }) => [job, status, waiting])).toEqual([
      ['toy.alerts', 'queued', true],
      ['toy.leads', 'queued', false],
      ['toy.publication', 'queued', true],
    ]);
    await drive.drain();
    expect(night.seen).toEqual(['toy.leads', 'toy.claims', 'toy.alerts', 'toy.publication']);
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('does not wait for what stands before a job that succeeded and is not repeated', async () => {
    const { failing, retried, drive, night } = nights(chain);
    const runId = await failing(nextDate(), 'toy.leads', 'toy.publication');
    expect(await retried(runId)).toEqual(['toy.leads', 'toy.publication']);
    await drive.drain();
    expect(night.seen).toEqual(['toy.leads', 'toy.publication', 'toy.claims']);
  });

  test('goes on with what always runs when what it comes after fails again', async () => {
    const { failing, retried, drive, night } = nights(chain);
    const runId = await failing(nextDate(), 'toy.leads', 'toy.alerts');
    night.broken = ['toy.leads'];
    expect(await retried(runId)).toEqual(['toy.leads']);
    await drive.drain();
    const document = await drive.document(runId);
    expect(document.status).toBe('failed');
    expect(statesOf(document)).toEqual([
      'toy.alerts succeeded',
      'toy.claims skipped',
      'toy.leads failed',
      'toy.publication succeeded',
    ]);
  });

  test('is cancelled with what it held back, and taken up once more', async () => {
    const { failing, retried, drive, night } = nights(chain);
    const runId = await failing(nextDate(), 'toy.leads', 'toy.alerts');
    await retried(runId);
    await cancelRun(database.admin.sql, runId, by);
    expect(await database.admin.sql`select from ops.waiting_job_runs`).toBe(0);
    drive.waiting.length = 0;
    expect(await retried(runId)).toEqual(['toy.leads']);
    await drive.drain();
    expect(night.seen).toEqual(['toy.leads', 'toy.claims', 'toy.alerts']);
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('has what it held back left alone by the sweeper, however long it waits', async () => {
    const { failing, retried, drive } = nights(chain);
    const runId = await failing(nextDate(), 'toy.leads', 'toy.alerts');
    await retried(runId);
    await database.admin
      .sql`update ops.job_runs set queued_at = queued_at - interval '7 hours' where run_id = ${runId}::uuid and status = 'queued'`;
    await drive.sweep();
    expect(drive.waiting.map(({ job }) => job)).toEqual(['toy.leads']);
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('asks anew how old the inputs are of a job that failed on stale ones', async () => {
    const { failing, retried, drive, night } = nights(soft);
    await failing('2024-03-03');
    const runId = await failing('2024-03-04', 'toy.prices', 'toy.rank');
    expect(jobOf(await drive.document(runId), 'toy.rank').stale_inputs).toMatchObject([
      { asOf: '2024-03-03' },
    ]);
    expect(await retried(runId)).toEqual(['toy.prices']);
    await drive.drain();
    expect(night.seen).toEqual(['toy.prices', 'toy.rank']);
    expect(jobOf(await drive.document(runId), 'toy.rank').stale_inputs).toBeNull();
  });

  test('says of a job that it works with stale inputs again where they are', async () => {
    const { failing, retried, drive, night } = nights(soft);
    await failing('2024-04-03');
    const runId = await failing('2024-04-04', 'toy.prices', 'toy.rank');
    night.broken = ['toy.prices'];
    await retried(runId);
    await drive.drain();
    expect(night.seen).toEqual(['toy.prices', 'toy.rank toy.prices of 2024-04-03']);
    expect(jobOf(await drive.document(runId), 'toy.rank')).toMatchObject({
      status: 'succeeded',
      stale_inputs: [{ job: 'toy.prices', asOf: '2024-04-03' }],
    });
  });

  test('keeps what a job says of the chunks that it has committed', async () => {
    const { failing, retried, drive, night } = nights(soft, 'toy.rank');
    await failing('2024-05-03');
    const runId = await failing('2024-05-04', 'toy.prices', 'toy.rank');
    expect(await retried(runId)).toEqual(['toy.prices']);
    await drive.drain();
    expect(night.seen).toEqual(['toy.prices', 'toy.rank toy.prices of 2024-05-03']);
  });

  test('holds the shards that failed back, and no others run', async () => {
    const { failing, retried, drive, night } = nights(parted);
    await failing('2024-06-03');
    const runId = await failing('2024-06-04', 'toy.prices', `${sharded} b`);
    expect(await retried(runId)).toEqual(['toy.prices']);
    await drive.drain();
    expect(night.seen).toEqual(['toy.prices', `${sharded} b`]);
    expect(await drive.document(runId)).toMatchObject({ status: 'succeeded', findings: 0 });
  });
});

type Told = Pick<JobContext<unknown>, 'staleInputs' | 'checkpoint'>;

/** Two shards and nothing to split. */
function halves(works: (name: string, context: Told) => Promise<Outcome | undefined>): Job {
  return shardedJob({
    name: sharded,
    input: z.strictObject({}),
    shards: { input: z.strictObject({}), split: async () => [{ key: 'a' }, { key: 'b' }] },
    run: async (context) => (await works(`${sharded} ${context.shard.key}`, context)) ?? { report: {} },
  });
}
