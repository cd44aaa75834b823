import { describe, expect, test } from 'vitest';
import { RetryableError } from '../../functions/core/errors.ts';
import { execute } from '../../functions/core/execute.ts';
import { startJob } from '../../functions/core/start.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive, jobOf, statesOf } from '../support/drive.ts';
import { daily, splitting } from '../support/splitting.ts';
import { effects, nextDate, services, trigger } from '../support/toy.ts';

describe.each(versions)('a job that splits itself, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const toy = splitting(database);

  test('is done with the last of its shards, and is what they are together', async () => {
    const runId = await toy.split();
    const begun = await toy.drive.document(runId);
    expect(statesOf(begun)).toEqual([
      'toy.split running',
      'toy.split[a] queued',
      'toy.split[c] queued',
      'toy.split[large] queued',
    ]);
    expect(jobOf(begun, 'toy.split').shards).toEqual({ total: 3, settled: 0, succeeded: 0, failed: 0 });
    const seen: number[] = [];
    toy.behaviour.meanwhile = async () => {
      seen.push(jobOf(await toy.drive.document(runId), 'toy.split').shards?.settled ?? -1);
      return undefined;
    };
    await toy.drive.drain((waiting) => waiting.length - 1);
    expect(seen).toEqual([0, 1, 2]);
    const ended = await toy.drive.document(runId);
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
    const runId = await toy.drive.start(nextDate());
    const [head] = toy.drive.waiting;
    if (head === undefined) throw new Error('nothing was sent');
    await toy.drive.receive(head);
    await toy.drive.receive({ ...head });
    await toy.drive.receive({ ...head, version: 2 });
    expect(jobOf(await toy.drive.document(runId), 'toy.split').attempts).toMatchObject([
      { status: 'yielded' },
    ]);
    await toy.drive.drain();
    await toy.drive.receive({ ...head, version: 2 });
    expect((await toy.drive.document(runId)).status).toBe('succeeded');
    expect((await effects(database.admin)).filter((effect) => effect === 'toy.split split')).toHaveLength(1);
  });

  test('into nothing is done at once', async () => {
    toy.behaviour.keys = [];
    const runId = await toy.split();
    const document = await toy.drive.document(runId);
    expect(jobOf(document, 'toy.split')).toMatchObject({
      status: 'succeeded',
      report: { shards: 0, shards_succeeded: 0 },
      shards: { total: 0, settled: 0, succeeded: 0, failed: 0 },
    });
    expect(jobOf(document, 'toy.after').status).toBe('queued');
    await toy.drive.drain();
    expect((await toy.drive.document(runId)).status).toBe('succeeded');
  });

  test('says what it would do in a dry run, shard by shard', async () => {
    const dry: boolean[] = [];
    toy.behaviour.meanwhile = async (_key, { dryRun }) => {
      dry.push(dryRun);
      return undefined;
    };
    const runId = await toy.split({ dryRun: true });
    await toy.drive.drain();
    expect(dry).toEqual([true, true, true]);
    expect(await toy.drive.document(runId)).toMatchObject({ status: 'succeeded', dry_run: true });
  });

  test('works a shard chunk by chunk, and tries one again that is worth it', async () => {
    let stumbled = false;
    toy.behaviour.meanwhile = async (key, { checkpoint }) => {
      if (key === 'a' && checkpoint === null) return { next: 2 };
      if (key === 'c' && !stumbled) {
        stumbled = true;
        throw new RetryableError('the line is down', { code: 'DOWN' });
      }
      return undefined;
    };
    const runId = await toy.split();
    await toy.drive.drain();
    const document = await toy.drive.document(runId);
    expect(document.status).toBe('succeeded');
    expect(jobOf(document, 'toy.split', 3).attempts.map(({ status }) => status)).toEqual([
      'failed',
      'succeeded',
    ]);
    expect((await effects(database.admin)).filter((effect) => effect === 'toy.split a done')).toHaveLength(2);
  });

  test('runs inline, its shards one after the other', async () => {
    toy.failing('c');
    const to = services(toy.drive.environment.work, toy.drive.environment.control);
    const [job] = toy.jobs();
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
    const document = await toy.drive.document(run.runId);
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
    toy.behaviour.keys = ['a', 'b', 'c', 'd'];
    toy.drive = new Drive(database, daily, toy.jobs(joined));
    for (let night = 0; night < 5; night += 1) {
      const runId = await toy.split();
      const all = Promise.withResolvers<void>();
      let arrived = 0;
      toy.behaviour.meanwhile = async () => {
        arrived += 1;
        if (arrived === 4) all.resolve();
        await all.promise;
        return undefined;
      };
      const environments = toy.drive.waiting.map(
        () => new Drive(database, daily, toy.jobs(joined)).environment,
      );
      await Promise.all(
        [...toy.drive.waiting].map((message, place) => toy.drive.receive(message, environments[place])),
      );
      await Promise.all(environments.flatMap(({ work, control }) => [work.close(), control.close()]));
      toy.behaviour.meanwhile = async () => undefined;
      await toy.drive.drain();
      const document = await toy.drive.document(runId);
      expect(document.status).toBe('succeeded');
      expect(jobOf(document, 'toy.split')).toMatchObject({ report, findings: 8 });
    }
    expect((await effects(database.admin)).filter((effect) => effect.endsWith('joined'))).toHaveLength(joins);
  });

  test('joins its shards in the transaction of the last, or not at all', async () => {
    toy.drive = new Drive(database, daily, toy.jobs(true));
    let tries = 0;
    toy.behaviour.join = (reports) => {
      tries += 1;
      if (tries === 1) throw new RetryableError('not yet', { code: 'NOT_YET' });
      return { report: { keys: reports.map(({ key }) => String(key)).join(' ') }, findings: 1 };
    };
    const runId = await toy.split();
    await toy.drive.drain();
    const document = await toy.drive.document(runId);
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
    toy.behaviour.keys = [];
    toy.drive = new Drive(database, daily, toy.jobs(true));
    const runId = await toy.split();
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'succeeded',
      report: { joined: 0 },
    });
  });

  test('does not join when a shard failed', async () => {
    toy.drive = new Drive(database, daily, toy.jobs(true));
    toy.failing('a');
    const runId = await toy.split();
    await toy.drive.drain();
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      report: { shards: 3, shards_succeeded: 2 },
    });
    expect((await effects(database.admin)).filter((effect) => effect.endsWith('joined'))).toEqual([]);
  });
});
