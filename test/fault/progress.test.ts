import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { beat, beginAttempt, checkpointAttempt, yieldAttempt } from '../../functions/core/ledger.ts';
import { testDatabase, versions } from '../support/database.ts';
import { createEffects, goSilent, nextDate, startToy } from '../support/toy.ts';

const kept = z.strictObject({ progress: z.json() });

describe.each(versions)('progress, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => createEffects(database.admin));

  async function attempts() {
    const { jobRunId } = await startToy(database.admin, nextDate());
    const { sql } = database.admin;
    const of = { jobRunId, caller: 'sqs' as const, requestId: 'r', codeVersion: 'test' };
    let attempt = 0;
    return {
      async begin(ofVersion = 1) {
        attempt += 1;
        expect(await beginAttempt(sql, { ...of, version: ofVersion })).toMatchObject({
          verdict: 'STARTED',
          attempt,
        });
      },
      die: () => goSilent(database.admin, jobRunId),
      checkpoint: () => checkpointAttempt(sql, { jobRunId, attempt }, { last: 'a' }),
      yields: () => yieldAttempt(sql, { jobRunId, attempt }),
      /** What can be read after a beat, with or without something new to say. */
      async says(done?: number, unit = 'gaps') {
        await beat(sql, { jobRunId, attempt }, done === undefined ? null : { done, total: 100, unit });
        return this.read();
      },
      async read() {
        const [row] = await sql(
          kept,
        )`select progress from ops.heartbeats where job_run_id = ${jobRunId}::uuid`;
        return row?.progress;
      },
    };
  }
  const of = (done: number, unit = 'gaps') => ({ done, total: 100, unit });

  test('never goes back, whatever a job says', async () => {
    const job = await attempts();
    await job.begin();
    expect(await job.says()).toBeNull();
    expect(await job.says(9)).toEqual(of(9));
    expect(await job.says(10)).toEqual(of(10));
    expect(await job.says(9)).toEqual(of(10));
    expect(await job.says()).toEqual(of(10));
    expect(await job.says(100)).toEqual(of(100));
  });

  test('counts anew in another unit', async () => {
    const job = await attempts();
    await job.begin();
    await job.says(50);
    expect(await job.says(1, 'views')).toEqual(of(1, 'views'));
  });

  test('stays with the attempt that goes on from a checkpoint', async () => {
    const job = await attempts();
    await job.begin();
    await job.says(40);
    await job.checkpoint();
    await job.yields();
    await job.begin(2);
    expect(await job.read()).toEqual(of(40));
    await job.die();
    await job.begin(2);
    expect(await job.says(30)).toEqual(of(40));
    expect(await job.says(50)).toEqual(of(50));
  });

  test('begins anew with the attempt that begins anew', async () => {
    const job = await attempts();
    await job.begin();
    await job.says(40);
    await job.die();
    await job.begin();
    expect(await job.read()).toBeNull();
    expect(await job.says(5)).toEqual(of(5));
  });
});
