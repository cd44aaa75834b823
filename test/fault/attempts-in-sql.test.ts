import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { beginAttempt, completeAttempt } from '../../functions/core/ledger.ts';
import { cancelRun } from '../../functions/core/operations.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { testDatabase, versions } from '../support/database.ts';
import { createEffects, goSilent, nextDate, startToy } from '../support/toy.ts';

const setting = z.strictObject({ value: z.string() });
const whole = z.strictObject({ row: z.string() });
const mark = z.strictObject({ sent: z.string(), sqs_message_id: z.string() });

describe.each(versions)('an attempt as the ledger knows it, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => createEffects(database.admin));

  const begin = async (jobRunId: string, ofVersion = 1) =>
    beginAttempt(database.admin.sql, {
      jobRunId,
      version: ofVersion,
      caller: 'sqs',
      requestId: randomUUID(),
      codeVersion: 'test',
    });
  const started = async () => {
    const run = await startToy(database.admin, nextDate());
    expect(await begin(run.jobRunId)).toMatchObject({ verdict: 'STARTED', attempt: 1, tries: 1 });
    return run;
  };
  const ledgerOf = async (jobRunId: string) =>
    database.admin.sql(whole)`
      select j::text || (select string_agg(a::text, ' ' order by attempt) from ops.attempts a where a.job_run_id = j.job_run_id) as row
      from ops.job_runs j where j.job_run_id = ${jobRunId}::uuid`;

  type Run = Awaited<ReturnType<typeof started>>;
  const ends: readonly [string, number, (run: Run) => Promise<unknown>][] = [
    ['that was never begun', 2, async () => undefined],
    [
      'that another has taken over from',
      1,
      async ({ jobRunId }) => {
        await goSilent(database.admin, jobRunId);
        expect(await begin(jobRunId)).toMatchObject({ verdict: 'STARTED', attempt: 2, tries: 2 });
      },
    ],
    [
      'that the sweeper gave up',
      1,
      async ({ jobRunId }) => {
        await goSilent(database.admin, jobRunId);
        await database.admin.sql`select ops.sweep(${MAX_TRIES})`;
      },
    ],
    [
      'whose run a person cancelled',
      1,
      ({ runId }) => cancelRun(database.admin.sql, runId, { operator: 'ana', reason: 'a test' }),
    ],
    [
      'that has succeeded',
      1,
      ({ jobRunId }) =>
        completeAttempt(database.admin.sql, { jobRunId, attempt: 1 }, { done: 1 }, 0, undefined),
    ],
  ];

  test.each(ends)('%s cannot settle its job run', async (_, attempt, end) => {
    const run = await started();
    await end(run);
    const before = await ledgerOf(run.jobRunId);
    await expect(
      completeAttempt(database.admin.sql, { jobRunId: run.jobRunId, attempt }, { done: 2 }, 0, undefined),
    ).rejects.toMatchObject({ code: 'CU001' });
    expect(await ledgerOf(run.jobRunId)).toEqual(before);
  });

  test('is not begun twice, nor by a message of another version', async () => {
    const { jobRunId } = await started();
    expect(await begin(jobRunId)).toMatchObject({ verdict: 'ALIVE' });
    expect(await begin(jobRunId, 2)).toMatchObject({ verdict: 'AHEAD' });
    expect(await begin(randomUUID())).toMatchObject({ verdict: 'UNKNOWN' });
    await goSilent(database.admin, jobRunId);
    await database.admin.sql`select ops.sweep(${MAX_TRIES})`;
    expect(await begin(jobRunId)).toMatchObject({ verdict: 'STALE' });
    expect(await begin(jobRunId, 2)).toMatchObject({ verdict: 'STARTED', attempt: 2, tries: 2 });
  });

  test('that settles its job run says what is to be sent, and waits for the disk; the mark does not', async () => {
    const { jobRunId, runId } = await started();
    const disk = 'synchronous_commit';
    const waiting = { [disk]: 'on' };
    const [row] = await database.admin.transaction(async (sql) => {
      const follows = await completeAttempt(sql, { jobRunId, attempt: 1 }, { done: 1 }, 0, undefined);
      expect(follows.map(({ job, message }) => [job, message['runId']])).toEqual([['toy.second', runId]]);
      expect(await sql(setting)`select current_setting(${disk}) as value`).toEqual([{ value: 'on' }]);
      return follows;
    }, waiting);
    const id = row?.outbox_id ?? '';
    const marked = (as: string) =>
      database.admin.transaction(async (sql) => {
        await sql`select ops.mark_sent(${[id]}::bigint[], ${[as]}::text[])`;
        expect(await sql(setting)`select current_setting(${disk}) as value`).toEqual([{ value: 'off' }]);
        return sql(
          mark,
        )`select sent_at::text as sent, sqs_message_id from ops.outbox where outbox_id = ${id}::bigint`;
      });
    const first = await marked('m-1');
    expect(first).toEqual([{ sent: expect.any(String), sqs_message_id: 'm-1' }]);
    expect(await marked('m-2'), 'sent again, it keeps its first mark').toEqual(first);
  });
});
