import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PermanentError } from '../../functions/core/errors.ts';
import type { StaleInput } from '../../functions/core/job.ts';
import { retryRun } from '../../functions/core/operations.ts';
import { pipeline } from '../../functions/core/pipeline.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive, jobOf, statesOf } from '../support/drive.ts';
import { createEffects, toyJob } from '../support/toy.ts';

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };
const daily = pipeline({
  name: 'toy-soft',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
  jobs: {
    'toy.prices': { ...node, after: [] },
    'toy.returns': { ...node, after: ['toy.prices'] },
    'toy.books': { ...node, after: [] },
    'toy.snapshot': { ...node, after: ['toy.books'], softAfter: [{ job: 'toy.returns', maxAgeDays: 3 }] },
    'toy.rank': { ...node, after: ['toy.snapshot'] },
    'toy.health': {
      ...node,
      after: ['toy.snapshot'],
      softAfter: [{ job: 'toy.returns', maxAgeDays: 0 }],
      always: true,
    },
  },
});

describe.each(versions)('a job that waits softly, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let broken: readonly string[] = [];
  let seen: Record<string, readonly StaleInput[]> = {};
  let drive: Drive;
  let tests = 0;
  const jobs = Object.keys(daily.jobs).map((name) =>
    toyJob(name, async ({ staleInputs }) => {
      seen[name] = staleInputs;
      if (broken.includes(name)) throw new PermanentError('no prices today', { code: 'NO_PRICES' });
      return undefined;
    }),
  );
  const by = { operator: 'ana', reason: 'a test' };

  beforeAll(() => createEffects(database.admin));
  beforeEach(async () => {
    broken = [];
    seen = {};
    // A pipeline of its own: what succeeded before is what this test made.
    tests += 1;
    drive = new Drive(database, { ...daily, name: `toy-soft-${tests}` }, jobs);
  });

  async function night(asOf: string, without: readonly string[] = [], dryRun = false) {
    broken = without;
    const runId = await drive.start(asOf, { dryRun });
    await drive.drain((waiting) => waiting.length - 1);
    return drive.document(runId);
  }

  test('waits for it, and works with what it made in this run', async () => {
    const runId = await drive.start('2025-03-03');
    const books = drive.waiting.findIndex(({ job }) => job === 'toy.books');
    const message = drive.waiting[books];
    if (message === undefined) throw new Error('the books were not sent');
    await drive.receive(message);
    expect(drive.waiting.map(({ job }) => job)).toEqual(['toy.prices']);
    await drive.drain();
    const document = await drive.document(runId);
    expect(document.status).toBe('succeeded');
    expect(jobOf(document, 'toy.snapshot').stale_inputs).toBeNull();
    expect(seen['toy.snapshot']).toEqual([]);
  });

  test('works with its last success when it failed or was skipped, and says so', async () => {
    const before = await night('2025-03-03');
    const document = await night('2025-03-06', ['toy.prices']);
    const stale = {
      job: 'toy.returns',
      maxAgeDays: 3,
      runId: before.run_id,
      asOf: '2025-03-03',
      ageDays: 3,
    };
    expect(jobOf(document, 'toy.snapshot')).toMatchObject({ status: 'succeeded', stale_inputs: [stale] });
    expect(seen['toy.snapshot']).toEqual([stale]);
    expect(statesOf(document)).toEqual([
      'toy.books succeeded',
      'toy.health succeeded',
      'toy.prices failed',
      'toy.rank succeeded',
      'toy.returns skipped',
      'toy.snapshot succeeded',
    ]);
    // What follows a job that worked with old figures is told of its own parents only.
    expect(jobOf(document, 'toy.rank').stale_inputs).toBeNull();
  });

  test('is skipped with the cause when that success is too old', async () => {
    await night('2025-03-02');
    const document = await night('2025-03-06', ['toy.prices']);
    expect(jobOf(document, 'toy.snapshot')).toMatchObject({
      status: 'skipped',
      stale_inputs: null,
      error: {
        code: 'INPUT_TOO_OLD',
        message:
          'toy.snapshot reads toy.returns, which did not succeed; its last success is as of 2025-03-02, and may be 3 days old at most',
        parent: 'toy.returns',
      },
    });
    expect(jobOf(document, 'toy.rank')).toMatchObject({
      status: 'skipped',
      error: { parent: 'toy.snapshot' },
    });
    // What always runs does, and says how old.
    expect(jobOf(document, 'toy.health')).toMatchObject({
      stale_inputs: [{ asOf: '2025-03-02', ageDays: 4 }],
    });
  });

  test('is skipped when it never succeeded before: not in a dry run, not later, not in this very run', async () => {
    await night('2025-03-05', [], true);
    await night('2025-03-07');
    const document = await night('2025-03-06', ['toy.prices']);
    expect(jobOf(document, 'toy.snapshot').error).toMatchObject({
      code: 'INPUT_TOO_OLD',
      message: 'toy.snapshot reads toy.returns, which did not succeed and never did before',
    });
    expect(jobOf(document, 'toy.health').stale_inputs).toEqual([
      { job: 'toy.returns', maxAgeDays: 0, runId: null, asOf: null, ageDays: null },
    ]);
  });

  test('is skipped at once, not when everything else is done', async () => {
    broken = ['toy.prices'];
    const runId = await drive.start('2025-03-06');
    const prices = drive.waiting.find(({ job }) => job === 'toy.prices');
    if (prices === undefined) throw new Error('the prices were not sent');
    await drive.receive(prices);
    expect(statesOf(await drive.document(runId))).toEqual([
      'toy.books queued',
      'toy.health queued',
      'toy.prices failed',
      'toy.rank skipped',
      'toy.returns skipped',
      'toy.snapshot skipped',
    ]);
    await drive.drain();
  });

  test('names the hard parent first', async () => {
    const document = await night('2025-03-06', ['toy.prices', 'toy.books']);
    const { error } = jobOf(document, 'toy.snapshot');
    // Whoever failed first has the say; both are true.
    expect(error).toMatchObject({ code: expect.stringMatching(/^(PARENT_NOT_SUCCEEDED|INPUT_TOO_OLD)$/) });
    expect(jobOf(document, 'toy.health').status).toBe('succeeded');
  });

  test('works with what is new once the run was taken up again', async () => {
    const document = await night('2025-03-06', ['toy.prices']);
    broken = [];
    await retryRun(database.admin.sql, document.run_id, by);
    await drive.send();
    await drive.drain();
    const again = await drive.document(document.run_id);
    expect(again.status).toBe('succeeded');
    expect(jobOf(again, 'toy.snapshot')).toMatchObject({ status: 'succeeded', stale_inputs: null });
  });
});
