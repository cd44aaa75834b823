import { describe, expect, test } from 'vitest';
import { bury } from '../../functions/core/dead-letters.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { testDatabase, versions } from '../support/database.ts';
import { jobOf, statesOf } from '../support/drive.ts';
import { splitting } from '../support/splitting.ts';
import { effects, goSilent } from '../support/toy.ts';

const by = { operator: 'ana', reason: 'a test' };

describe.each(versions)('a job whose shards end badly, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const toy = splitting(database);

  test('fails when all its shards are settled and one has failed, and what follows names that one', async () => {
    toy.failing('large');
    const runId = await toy.split();
    await toy.drive.drain(() => 0);
    const document = await toy.drive.document(runId);
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
    toy.failing('large', 'c');
    const runId = await toy.split();
    await toy.drive.drain();
    expect((await toy.drive.document(runId)).status).toBe('failed');
    toy.behaviour.meanwhile = async () => undefined;
    expect(await retryRun(database.admin.sql, runId, by)).toBe(2);
    await toy.drive.send();
    expect(toy.drive.waiting.map(({ job, version }) => [job, version])).toEqual([
      ['toy.split', 2],
      ['toy.split', 2],
    ]);
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'running',
      shards: { total: 3, settled: 1, succeeded: 1, failed: 0 },
    });
    await toy.drive.drain();
    const document = await toy.drive.document(runId);
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
    toy.behaviour.keys = ['same', 'same'];
    const runId = await toy.split();
    await toy.drive.drain();
    toy.behaviour.keys = ['a'];
    await retryRun(database.admin.sql, runId, by);
    await toy.drive.send();
    await toy.drive.drain();
    expect(statesOf(await toy.drive.document(runId))).toEqual([
      'toy.after succeeded',
      'toy.alert succeeded',
      'toy.split succeeded',
      'toy.split[a] succeeded',
    ]);
  });

  test('is cancelled with all its shards, and goes on with those that were left', async () => {
    const runId = await toy.split();
    const [first] = toy.drive.waiting;
    if (first === undefined) throw new Error('no shard was sent');
    await toy.drive.receive(first);
    await cancelRun(database.admin.sql, runId, by);
    const document = await toy.drive.document(runId);
    expect(statesOf(document)).toEqual([
      'toy.after skipped',
      'toy.alert skipped',
      'toy.split failed',
      'toy.split[a] succeeded',
      'toy.split[c] failed',
      'toy.split[large] failed',
    ]);
    expect(document.error).toMatchObject({ code: 'CANCELLED' });
    await toy.drive.drain();
    expect(statesOf(await toy.drive.document(runId))).toEqual(statesOf(document));
    expect(await retryRun(database.admin.sql, runId, by)).toBe(2);
    await toy.drive.send();
    await toy.drive.drain();
    expect((await toy.drive.document(runId)).status).toBe('succeeded');
  });

  test('loses a worker of a shard, and the sweeper has another at it; at the last try the job fails', async () => {
    const runId = await toy.split();
    const dies = async () => {
      const shard = jobOf(await toy.drive.document(runId), 'toy.split', 1);
      const begun = await toy.drive.environment.control.sql`
        select from ops.begin_attempt(${shard.job_run_id}::uuid, ${shard.version}, 'sqs', 'r', 'test')`;
      expect(begun).toBe(1);
      await goSilent(database.admin, shard.job_run_id);
      // The job itself is running too, and nobody is at it: that is as it should be.
      await goSilent(database.admin, jobOf(await toy.drive.document(runId), 'toy.split').job_run_id);
      await toy.drive.sweep();
    };
    await dies();
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'running',
      version: 2,
    });
    expect(jobOf(await toy.drive.document(runId), 'toy.split', 1)).toMatchObject({
      status: 'queued',
      version: 2,
    });
    for (let tries = 1; tries < 5; tries += 1) await dies();
    expect(jobOf(await toy.drive.document(runId), 'toy.split', 1)).toMatchObject({ status: 'failed' });
    await toy.drive.drain();
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      error: { shard: 1, cause: { code: 'WORKER_LOST' } },
    });
  });

  test('fails by the sweeper when the shard that was given up was the last', async () => {
    const runId = await toy.split();
    for (const message of toy.drive.waiting.slice(1)) await toy.drive.receive(message);
    const shard = jobOf(await toy.drive.document(runId), 'toy.split', 1);
    await database.admin.sql`
      select ops.begin_attempt(${shard.job_run_id}::uuid, 1, 'sqs', 'r', 'test'), ops.beat(${shard.job_run_id}::uuid, 1, null)`;
    await goSilent(database.admin, shard.job_run_id);
    await database.admin.sql`select ops.sweep(1)`;
    const document = await toy.drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({ status: 'failed', error: { code: 'SHARD_FAILED' } });
    expect(jobOf(document, 'toy.alert').status).toBe('queued');
  });

  test('fails by the dead letter of its last shard', async () => {
    const runId = await toy.split();
    const [dead, ...rest] = toy.drive.waiting;
    for (const message of rest) await toy.drive.receive(message);
    await bury(
      {
        messageId: `dead ${version}`,
        receiptHandle: 'r',
        body: JSON.stringify(dead),
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:::toy-split-dlq',
        attributes: { ApproximateReceiveCount: 6 },
      },
      {
        ...toy.drive,
        log: toy.drive.environment.log,
        requestId: 'r',
        functionArn: 'arn',
        remaining: () => 1,
      },
      toy.drive.queues,
    );
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      error: { code: 'SHARD_FAILED', cause: { code: 'RECEIVES_EXHAUSTED' } },
    });
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
    toy.behaviour.keys = keys;
    const runId = await toy.split();
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      shards: null,
      error: { code: 'INVALID_SHARDS', message: expect.stringContaining(sentence) },
    });
    expect(await effects(database.admin)).toEqual([]);
  });

  test('may have a thousand', async () => {
    toy.behaviour.keys = Array.from({ length: 1000 }, (_, n) => String(n));
    const runId = await toy.split();
    expect(toy.drive.waiting).toHaveLength(1000);
    expect(jobOf(await toy.drive.document(runId), 'toy.split').shards?.total).toBe(1000);
    await cancelRun(database.admin.sql, runId, by);
  });
});
