import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { json } from '../../functions/core/database.ts';
import { bury } from '../../functions/core/dead-letters.ts';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { execute } from '../../functions/core/execute.ts';
import { type JobContext, type JsonObject, type Outcome, shardedJob } from '../../functions/core/job.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { pipeline } from '../../functions/core/pipeline.ts';
import { startJob } from '../../functions/core/start.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive, jobOf, statesOf } from '../support/drive.ts';
import { createEffects, effects, goSilent, nextDate, services, toyJob, trigger } from '../support/toy.ts';

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };
const daily = pipeline({
  name: 'toy-shards',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
  jobs: {
    'toy.split': { ...node, after: [] },
    'toy.after': { ...node, after: ['toy.split'] },
    'toy.alert': { ...node, after: ['toy.after'], always: true },
  },
});
const by = { operator: 'ana', reason: 'a test' };

interface Behaviour {
  /** What the splitting step names. */
  keys: readonly string[];
  /** What a shard does beside its effect. */
  meanwhile: (
    key: string,
    context: Pick<JobContext<unknown>, 'dryRun' | 'checkpoint'>,
  ) => Promise<Partial<Outcome> | undefined>;
  join: ((reports: readonly JsonObject[]) => Outcome) | undefined;
}

describe.each(versions)('a job that splits itself, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const behaviour: Behaviour = { keys: [], meanwhile: async () => undefined, join: undefined };
  let drive: Drive;

  const input = z.strictObject({ note: z.string().default('done') });
  const part = z.strictObject({ size: z.int().default(7) });
  type Splitting = Pick<JobContext<unknown>, 'sql' | 'jobRunId'>;
  const leave = async ({ sql, jobRunId }: Splitting, note: string, decision: string) => {
    await sql`insert into public.toy_effects (job, note) values ('toy.split', ${note})`;
    await sql`
      insert into ops.decisions (job_run_id, subject, decision, evidence)
      values (${jobRunId}::uuid, ${note}, ${decision}, ${json({})})`;
  };
  const namesThem = async (context: Splitting) => {
    await leave(context, 'split', 'SPLIT');
    return behaviour.keys.map((key) => ({ key, input: key === 'large' ? { size: 99 } : {} }));
  };
  const join = async (context: Splitting, shards: readonly { report: JsonObject }[]) => {
    await leave(context, 'joined', 'JOINED');
    return behaviour.join?.(shards.map(({ report }) => report)) ?? { report: { joined: shards.length } };
  };
  const sharding = (joined: boolean) =>
    shardedJob({
      name: 'toy.split',
      input,
      shards: joined ? { input: part, split: namesThem, join } : { input: part, split: namesThem },
      async run(context) {
        const { shard, input } = context;
        await leave(context, `${shard.key} ${input.note}`, 'WRITTEN');
        const more = await behaviour.meanwhile(shard.key, context);
        return { report: { written: 1, size: shard.input.size, key: shard.key }, findings: 2, ...more };
      },
    });
  const jobs = (joined = false) => [sharding(joined), toyJob('toy.after'), toyJob('toy.alert')];

  beforeAll(() => createEffects(database.admin));
  beforeEach(async () => {
    await database.admin.script('truncate public.toy_effects');
    Object.assign(behaviour, {
      keys: ['a', 'large', 'c'],
      meanwhile: async () => undefined,
      join: undefined,
    });
    drive = new Drive(database, daily, jobs());
  });

  /** The splitting step is done, its shards' messages are out. */
  async function split(options: Parameters<Drive['start']>[1] = {}): Promise<string> {
    const runId = await drive.start(nextDate(), options);
    const [head] = drive.waiting;
    if (head === undefined) throw new Error('nothing was sent');
    await drive.receive(head);
    return runId;
  }
  const failing = (...keys: string[]) => {
    behaviour.meanwhile = async (key) => {
      if (keys.includes(key)) throw new PermanentError(`no books for ${key}`, { code: 'NO_BOOKS' });
      return undefined;
    };
  };

  test('is done with the last of its shards, and is what they are together', async () => {
    const runId = await split();
    const begun = await drive.document(runId);
    expect(statesOf(begun)).toEqual([
      'toy.split running',
      'toy.split[a] queued',
      'toy.split[c] queued',
      'toy.split[large] queued',
    ]);
    expect(jobOf(begun, 'toy.split').shards).toEqual({ total: 3, settled: 0, succeeded: 0, failed: 0 });
    const seen: number[] = [];
    behaviour.meanwhile = async () => {
      seen.push(jobOf(await drive.document(runId), 'toy.split').shards?.settled ?? -1);
      return undefined;
    };
    await drive.drain((waiting) => waiting.length - 1);
    expect(seen).toEqual([0, 1, 2]);
    const ended = await drive.document(runId);
    expect(ended).toMatchObject({ status: 'succeeded', findings: 6 });
    expect(jobOf(ended, 'toy.split')).toMatchObject({
      status: 'succeeded',
      // What is no number is not added up: the size is 7 + 99 + 7.
      report: { shards: 3, shards_succeeded: 3, written: 3, size: 113 },
      findings: 6,
      shards: { total: 3, settled: 3, succeeded: 3, failed: 0 },
      counters: [
        { decision: 'SPLIT', reason: null, detail: null, count: 1 },
        { decision: 'WRITTEN', reason: null, detail: null, count: 3 },
      ],
    });
    expect(await effects(database.admin)).toEqual([
      'toy.after done',
      'toy.alert done',
      'toy.split a done',
      'toy.split c done',
      'toy.split large done',
      'toy.split split',
    ]);
    // The shards' work is the only thing that is sent for them: the job itself is not told again.
    expect(ended.messages.filter(({ job }) => job === 'toy.split')).toHaveLength(4);
  });

  test('splits once however often it is told to', async () => {
    const runId = await drive.start(nextDate());
    const [head] = drive.waiting;
    if (head === undefined) throw new Error('nothing was sent');
    await drive.receive(head);
    await drive.receive({ ...head });
    await drive.receive({ ...head, version: 2 });
    expect(jobOf(await drive.document(runId), 'toy.split').attempts).toMatchObject([{ status: 'yielded' }]);
    await drive.drain();
    await drive.receive({ ...head, version: 2 });
    expect((await drive.document(runId)).status).toBe('succeeded');
    expect((await effects(database.admin)).filter((effect) => effect === 'toy.split split')).toHaveLength(1);
  });

  test('into nothing is done at once', async () => {
    behaviour.keys = [];
    const runId = await split();
    const document = await drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({
      status: 'succeeded',
      report: { shards: 0, shards_succeeded: 0 },
      shards: { total: 0, settled: 0, succeeded: 0, failed: 0 },
    });
    expect(jobOf(document, 'toy.after').status).toBe('queued');
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('fails when all its shards are settled and one has failed, and what follows names that one', async () => {
    failing('large');
    const runId = await split();
    await drive.drain(() => 0);
    const document = await drive.document(runId);
    expect(statesOf(document)).toEqual([
      'toy.after skipped',
      'toy.alert succeeded',
      'toy.split failed',
      'toy.split[a] succeeded',
      'toy.split[c] succeeded',
      'toy.split[large] failed',
    ]);
    expect(jobOf(document, 'toy.split')).toMatchObject({
      error: {
        code: 'SHARD_FAILED',
        message: '1 of 3 shards failed; shard 2 (large): no books for large',
        shard: 2,
        shardKey: 'large',
        cause: { code: 'NO_BOOKS' },
      },
      findings: 4,
      report: { shards: 3, shards_succeeded: 2, written: 2, size: 14 },
    });
    expect(jobOf(document, 'toy.after').error).toEqual({
      code: 'PARENT_NOT_SUCCEEDED',
      message: 'toy.after needs toy.split, which did not succeed: shard 2 (large) failed',
      parent: 'toy.split',
      shard: 2,
      shardKey: 'large',
    });
    expect(document).toMatchObject({
      status: 'failed',
      error: { code: 'SHARD_FAILED', job: 'toy.split' },
      findings: 4,
    });
  });

  test('is tried again by its failed shards alone', async () => {
    failing('large', 'c');
    const runId = await split();
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('failed');
    behaviour.meanwhile = async () => undefined;
    expect(await retryRun(database.admin.sql, runId, by)).toBe(2);
    await drive.send();
    expect(drive.waiting.map(({ job, version }) => [job, version])).toEqual([
      ['toy.split', 2],
      ['toy.split', 2],
    ]);
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'running',
      shards: { total: 3, settled: 1, succeeded: 1, failed: 0 },
    });
    await drive.drain();
    const document = await drive.document(runId);
    expect(document).toMatchObject({ status: 'succeeded', findings: 6 });
    expect(jobOf(document, 'toy.split').report).toEqual({
      shards: 3,
      shards_succeeded: 3,
      written: 3,
      size: 113,
    });
    expect((await effects(database.admin)).filter((effect) => effect.startsWith('toy.split'))).toHaveLength(
      4,
    );
  });

  test('is tried again as a whole when the splitting step failed', async () => {
    behaviour.keys = ['same', 'same'];
    const runId = await split();
    await drive.drain();
    behaviour.keys = ['a'];
    await retryRun(database.admin.sql, runId, by);
    await drive.send();
    await drive.drain();
    expect(statesOf(await drive.document(runId))).toEqual([
      'toy.after succeeded',
      'toy.alert succeeded',
      'toy.split succeeded',
      'toy.split[a] succeeded',
    ]);
  });

  test('is cancelled with all its shards, and goes on with those that were left', async () => {
    const runId = await split();
    const [first] = drive.waiting;
    if (first === undefined) throw new Error('no shard was sent');
    await drive.receive(first);
    await cancelRun(database.admin.sql, runId, by);
    const document = await drive.document(runId);
    expect(statesOf(document)).toEqual([
      'toy.after skipped',
      'toy.alert skipped',
      'toy.split failed',
      'toy.split[a] succeeded',
      'toy.split[c] failed',
      'toy.split[large] failed',
    ]);
    expect(document.error).toMatchObject({ code: 'CANCELLED' });
    await drive.drain();
    expect(statesOf(await drive.document(runId))).toEqual(statesOf(document));
    expect(await retryRun(database.admin.sql, runId, by)).toBe(2);
    await drive.send();
    await drive.drain();
    expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('loses a worker of a shard, and the sweeper has another at it; at the last try the job fails', async () => {
    const runId = await split();
    const dies = async () => {
      const shard = jobOf(await drive.document(runId), 'toy.split', 1);
      const begun = await drive.environment.control.sql`
        select from ops.begin_attempt(${shard.job_run_id}::uuid, ${shard.version}, 'sqs', 'r', 'test')`;
      expect(begun).toBe(1);
      await goSilent(database.admin, shard.job_run_id);
      // The job itself is running too, and nobody is at it: that is as it should be.
      await goSilent(database.admin, jobOf(await drive.document(runId), 'toy.split').job_run_id);
      await drive.sweep();
    };
    await dies();
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({ status: 'running', version: 2 });
    expect(jobOf(await drive.document(runId), 'toy.split', 1)).toMatchObject({
      status: 'queued',
      version: 2,
    });
    for (let tries = 1; tries < 5; tries += 1) await dies();
    expect(jobOf(await drive.document(runId), 'toy.split', 1)).toMatchObject({ status: 'failed' });
    await drive.drain();
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      error: { shard: 1, cause: { code: 'WORKER_LOST' } },
    });
  });

  test('fails by the sweeper when the shard that was given up was the last', async () => {
    const runId = await split();
    for (const message of drive.waiting.slice(1)) await drive.receive(message);
    const shard = jobOf(await drive.document(runId), 'toy.split', 1);
    await database.admin.sql`
      select ops.begin_attempt(${shard.job_run_id}::uuid, 1, 'sqs', 'r', 'test'), ops.beat(${shard.job_run_id}::uuid, 1, null)`;
    await goSilent(database.admin, shard.job_run_id);
    await database.admin.sql`select ops.sweep(1)`;
    const document = await drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({ status: 'failed', error: { code: 'SHARD_FAILED' } });
    expect(jobOf(document, 'toy.alert').status).toBe('queued');
  });

  test('fails by the dead letter of its last shard', async () => {
    const runId = await split();
    const [dead, ...rest] = drive.waiting;
    for (const message of rest) await drive.receive(message);
    await bury(
      {
        messageId: `dead ${version}`,
        receiptHandle: 'r',
        body: JSON.stringify(dead),
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:::toy-split-dlq',
        attributes: { ApproximateReceiveCount: 6 },
      },
      { ...drive, log: drive.environment.log, requestId: 'r', functionArn: 'arn', remaining: () => 1 },
      drive.queues,
    );
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      error: { code: 'SHARD_FAILED', cause: { code: 'RECEIVES_EXHAUSTED' } },
    });
  });

  test('says what it would do in a dry run, shard by shard', async () => {
    const dry: boolean[] = [];
    behaviour.meanwhile = async (_key, { dryRun }) => {
      dry.push(dryRun);
      return undefined;
    };
    const runId = await split({ dryRun: true });
    await drive.drain();
    expect(dry).toEqual([true, true, true]);
    expect(await drive.document(runId)).toMatchObject({ status: 'succeeded', dry_run: true });
  });

  test('works a shard chunk by chunk, and tries one again that is worth it', async () => {
    let stumbled = false;
    behaviour.meanwhile = async (key, { checkpoint }) => {
      if (key === 'a' && checkpoint === null) return { next: 2 };
      if (key === 'c' && !stumbled) {
        stumbled = true;
        throw new RetryableError('the line is down', { code: 'DOWN' });
      }
      return undefined;
    };
    const runId = await split();
    await drive.drain();
    const document = await drive.document(runId);
    expect(document.status).toBe('succeeded');
    expect(jobOf(document, 'toy.split', 3).attempts.map(({ status }) => status)).toEqual([
      'failed',
      'succeeded',
    ]);
    expect((await effects(database.admin)).filter((effect) => effect === 'toy.split a done')).toHaveLength(2);
  });

  test('runs inline, its shards one after the other', async () => {
    failing('c');
    const to = services(drive.environment.work, drive.environment.control);
    const [job] = jobs();
    if (job === undefined) throw new Error('there is no job');
    const request = job.request({ asOf: nextDate() });
    const options = { inline: true, codeVersion: 'test', dryRunByDefault: false };
    const run = await startJob(to.control.sql, daily, job, request, trigger(), options);
    const progress: string[] = [];
    await execute(to, job, {
      jobRunId: run.jobRunId,
      version: 1,
      caller: 'inline',
      requestId: 'r',
      lastAttempt: 1,
      remaining: () => 600_000,
      onProgress: ({ done, total, unit }) => progress.push(`${done} of ${total} ${unit}`),
    });
    expect(progress).toEqual(['1 of 3 shards', '2 of 3 shards', '3 of 3 shards']);
    const document = await drive.document(run.runId);
    expect(document).toMatchObject({ status: 'failed', messages: [] });
    expect(statesOf(document)).toEqual([
      'toy.split failed',
      'toy.split[a] succeeded',
      'toy.split[c] failed',
      'toy.split[large] succeeded',
    ]);
  });

  test.each([
    ['by its own join', true, { joined: 4 }, 5],
    ['by adding up', false, { shards: 4, shards_succeeded: 4, written: 4, size: 28 }, 0],
  ])('whose shards finish at the same moment is settled once, %s', async (_how, joined, report, joins) => {
    behaviour.keys = ['a', 'b', 'c', 'd'];
    drive = new Drive(database, daily, jobs(joined));
    for (let night = 0; night < 5; night += 1) {
      const runId = await split();
      const all = Promise.withResolvers<void>();
      let arrived = 0;
      behaviour.meanwhile = async () => {
        arrived += 1;
        if (arrived === 4) all.resolve();
        await all.promise;
        return undefined;
      };
      const environments = drive.waiting.map(() => new Drive(database, daily, jobs(joined)).environment);
      await Promise.all(
        [...drive.waiting].map((message, place) => drive.receive(message, environments[place])),
      );
      await Promise.all(environments.flatMap(({ work, control }) => [work.close(), control.close()]));
      behaviour.meanwhile = async () => undefined;
      await drive.drain();
      const document = await drive.document(runId);
      expect(document.status).toBe('succeeded');
      expect(jobOf(document, 'toy.split')).toMatchObject({ report, findings: 8 });
    }
    expect((await effects(database.admin)).filter((effect) => effect.endsWith('joined'))).toHaveLength(joins);
  });

  test('joins its shards in the transaction of the last, or not at all', async () => {
    drive = new Drive(database, daily, jobs(true));
    let tries = 0;
    behaviour.join = (reports) => {
      tries += 1;
      if (tries === 1) throw new RetryableError('not yet', { code: 'NOT_YET' });
      return { report: { keys: reports.map(({ key }) => String(key)).join(' ') }, findings: 1 };
    };
    const runId = await split();
    await drive.drain();
    const document = await drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({ report: { keys: 'a large c' }, findings: 7 });
    expect(jobOf(document, 'toy.split', 3).attempts.map(({ status }) => status)).toEqual([
      'failed',
      'succeeded',
    ]);
    const left = await effects(database.admin);
    expect(left.filter((effect) => effect.endsWith('joined'))).toHaveLength(1);
    expect(left.filter((effect) => effect === 'toy.split c done')).toHaveLength(1);
  });

  test('of no shards is joined too', async () => {
    behaviour.keys = [];
    drive = new Drive(database, daily, jobs(true));
    const runId = await split();
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'succeeded',
      report: { joined: 0 },
    });
  });

  test('does not join when a shard failed', async () => {
    drive = new Drive(database, daily, jobs(true));
    failing('a');
    const runId = await split();
    await drive.drain();
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      report: { shards: 3, shards_succeeded: 2 },
    });
    expect((await effects(database.admin)).filter((effect) => effect.endsWith('joined'))).toEqual([]);
  });

  test.each([
    [
      'too many shards',
      Array.from({ length: 1001 }, (_, n) => String(n)),
      '1001 shards, and 1000 are the most',
    ],
    ['one key twice', ['a', 'b', 'a'], 'two shards have the key "a"'],
    ['no key', [''], '1 to 200 characters, not 0'],
    ['too long a key', ['x'.repeat(201)], '1 to 200 characters, not 201'],
  ])('with %s fails and says what to do', async (_what, keys, sentence) => {
    behaviour.keys = keys;
    const runId = await split();
    expect(jobOf(await drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      shards: null,
      error: { code: 'INVALID_SHARDS', message: expect.stringContaining(sentence) },
    });
    expect(await effects(database.admin)).toEqual([]);
  });

  test('may have a thousand', async () => {
    behaviour.keys = Array.from({ length: 1000 }, (_, n) => String(n));
    const runId = await split();
    expect(drive.waiting).toHaveLength(1000);
    expect(jobOf(await drive.document(runId), 'toy.split').shards?.total).toBe(1000);
    await cancelRun(database.admin.sql, runId, by);
  });
});
