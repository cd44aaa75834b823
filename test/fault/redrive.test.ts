import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import type { Services } from '../../functions/core/execute.ts';
import { carryOn } from '../../functions/core/ledger.ts';
import { retryRun } from '../../functions/core/operations.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import {
  cancelRedrive,
  findRedrivable,
  type RedriveFilter,
  refusalOf,
  startRedrive,
} from '../../functions/core/redrive.ts';
import { sweepOnce } from '../../functions/core/sweep.ts';
import { testDatabase, versions } from '../support/database.ts';
import { by, cancel, failedRun, forgetRuns, workOff } from '../support/many.ts';
import { testQueues } from '../support/queues.ts';
import { deliver, jobRunOf, runStatus, startToy, states, toyJob, toyQueues } from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const sqs = testQueues(toyQueues);

describe.each(versions)('a redrive on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let admin: Database;
  let operator: Database;
  let to: Services;
  beforeAll(async () => {
    ({ admin, operator, to } = await toyWorld(database));
  });
  beforeEach(() => forgetRuns(admin));

  const day = (number: number) => `2025-03-${String(number).padStart(2, '0')}`;
  const fail = (number: number, code?: string) => failedRun(to, day(number), code);
  const find = async (filter: Partial<RedriveFilter> = {}) =>
    (await findRedrivable(operator.sql, { limit: 100, ...filter })).map(
      ({ run_id, verdict }) => [run_id, verdict] as const,
    );
  const start = async (filter: Partial<RedriveFilter> = {}, rate = 100) => {
    const id = await startRedrive(operator.sql, { limit: 100, ...filter }, rate, by);
    if (id === null) throw new Error('nothing was ready');
    return id;
  };
  const line = z.strictObject({ line: z.string() });
  const told = async (id: string) =>
    (
      await admin.sql(line)`
        select r.as_of || ' ' || coalesce(i.verdict, 'waits') || ' ' || r.status as line
        from ops.redrive_runs i join ops.runs r using (run_id) where redrive_id = ${id}::uuid order by position`
    ).map((row) => row.line);
  const status = async (id: string) =>
    (await admin.sql(line)`select status as line from ops.redrives where redrive_id = ${id}::uuid`)[0]?.line;
  /** The minute of the clock is over; or it is not, however long the test takes. */
  const minute = () => passed('-61 seconds');
  const sameMinute = () => passed('1 minute');
  const passed = (time: string) =>
    admin.sql`update ops.redrive_runs set settled_at = clock_timestamp() + ${time}::interval where verdict = 'RETRIED'`;

  test('finds what failed by pipeline, job, code and time, the oldest date first', async () => {
    const second = await fail(2);
    const first = await fail(1, 'WORKER_LOST');
    await workOff(to, admin, (await startToy(to.control, day(3))).runId);
    await startToy(to.control, day(4));
    expect(await find()).toEqual([
      [first, 'READY'],
      [second, 'READY'],
    ]);
    expect(await find({ code: 'WORKER_LOST' })).toEqual([[first, 'READY']]);
    expect(await find({ job: 'toy.second' })).toEqual([]);
    expect(await find({ job: 'toy.first', code: 'NOT_OURS' })).toEqual([[second, 'READY']]);
    expect(await find({ pipeline: 'toy-nightly' })).toEqual([]);
    expect(await find({ limit: 1 })).toEqual([[first, 'READY']]);
    await admin.script(
      `set session_replication_role = replica; update ops.runs set finished_at = '2025-03-02T02:00:00Z' where run_id = '${second}'`,
    );
    const [from, until] = ['2025-03-02T02:00:00Z', '2025-03-02T02:00:01Z'];
    expect(await find({ failedFrom: from, failedTo: until })).toEqual([[second, 'READY']]);
    expect(await find({ failedTo: from })).toEqual([]);
    const [{ failed_jobs: jobs = [] } = {}] = await findRedrivable(operator.sql, { limit: 1, runs: [first] });
    expect(jobs.map(({ job, status: its, code }) => `${job} ${its} ${code}`)).toEqual([
      'toy.first failed WORKER_LOST',
      'toy.second skipped PARENT_NOT_SUCCEEDED',
      'toy.third skipped PARENT_NOT_SUCCEEDED',
    ]);
  });

  test('takes them up again with their ids, and says who, why and in which redrive of each', async () => {
    const runs = [await fail(1), await fail(2)];
    const id = await start();
    expect(await told(id)).toEqual(['2025-03-01 RETRIED running', '2025-03-02 RETRIED running']);
    expect(await status(id)).toBe('finished');
    await sendOutbox(operator, sqs.queues, null);
    for (const runId of runs) {
      expect((await states(admin, runId)).toSorted()).toEqual([
        'toy.alert succeeded 1',
        'toy.first queued 1',
      ]);
      expect(
        sqs
          .waiting('toy.first')
          .filter((body) => body.includes(runId))
          .at(-1),
      ).toContain('"version":2');
    }
    const acted = await admin.sql(line)`
      select concat_ws(' | ', action, operator, reason, run_id, subject) as line from ops.operator_actions order by action_id`;
    const reason = `redrive ${id}: ${by.reason}`;
    expect(acted.map((row) => row.line)).toEqual([
      `REDRIVE | ${by.operator} | ${by.reason} | redrive ${id}`,
      ...runs.map((runId) => `RETRY | ${by.operator} | ${reason} | ${runId}`),
    ]);
    await workOff(to, admin);
    for (const runId of runs) expect(await runStatus(admin, runId)).toBe('succeeded');
  });

  test('a message of before does nothing, from its queue or from its dead letters', async () => {
    const runId = await fail(1);
    await start();
    const jobRunId = await jobRunOf(admin, runId, 'toy.first');
    expect(await deliver(to, toyJob('toy.first'), jobRunId, { version: 1 })).toMatchObject({
      kind: 'settled',
    });
    const buried = await to.control.sql(line)`
      select ops.bury_message('m-1', 'toy-first-dlq', '{}', ${jobRunId}::uuid, 1, 'RECEIVES_EXHAUSTED', 'late') as line`;
    expect(buried).toEqual([{ line: 'BURIED' }]);
    expect((await states(admin, runId)).toSorted()).toEqual(['toy.alert succeeded 1', 'toy.first queued 1']);
  });

  test('takes up no more in a minute than it may; the sweeper releases the rest', async () => {
    for (let number = 1; number <= 5; number += 1) await fail(number);
    const id = await start({}, 2);
    const waiting = async () => (await told(id)).filter((each) => each.includes('waits')).length;
    expect(await waiting()).toBe(3);
    await sameMinute();
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ released: 0, active: 3 });
    await minute();
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ released: 2 });
    expect(await waiting()).toBe(1);
    expect(await status(id)).toBe('running');
    await workOff(to, admin);
    // Nothing is under way but the redrive itself: the sweeper has to come back for it.
    await sameMinute();
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ released: 0, active: 1 });
    await minute();
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ released: 1, active: 1 });
    expect(await status(id)).toBe('finished');
  });

  test('two sweepers at once release no more than one', async () => {
    for (let number = 1; number <= 6; number += 1) await fail(number);
    await start({}, 2);
    await minute();
    const others = [1, 2, 3].map(() => database.connect('cuadre_jobs'));
    await Promise.all(others.map(({ sql }) => carryOn(sql)));
    const most = await admin.sql(line)`
      select max(n)::text as line from (
        select count(*) as n from ops.redrive_runs where verdict = 'RETRIED' group by date_trunc('minute', settled_at)) per_minute`;
    expect(most).toEqual([{ line: '2' }]);
  });

  test('what changed before its turn is refused with why, and costs the minute nothing', async () => {
    const [, second = ''] = [await fail(1), await fail(2), await fail(3), await fail(4)];
    const id = await start({}, 1);
    await retryRun(operator.sql, second, by);
    const sibling = await startToy(to.control, day(3));
    await minute();
    await carryOn(to.control.sql);
    expect(await told(id)).toEqual([
      '2025-03-01 RETRIED running',
      '2025-03-02 NOT_FAILED running',
      '2025-03-03 ACTIVE failed',
      '2025-03-04 RETRIED running',
    ]);
    const other = z.strictObject({ id: z.uuid() });
    expect(
      await admin.sql(other)`select other_run_id as id from ops.redrive_runs where verdict = 'ACTIVE'`,
    ).toEqual([{ id: sibling.runId }]);
  });

  test('cancelled keeps back what has not begun, and is over', async () => {
    for (let number = 1; number <= 3; number += 1) await fail(number);
    const id = await start({}, 1);
    expect(await cancelRedrive(operator.sql, id, by)).toBe(2);
    await minute();
    expect(await carryOn(to.control.sql)).toMatchObject({ released: 0, redrives: 0 });
    expect(await told(id)).toEqual([
      '2025-03-01 RETRIED running',
      '2025-03-02 CANCELLED failed',
      '2025-03-03 CANCELLED failed',
    ]);
    await expect(cancelRedrive(operator.sql, id, by)).rejects.toThrow(`redrive ${id} is cancelled already`);
    await expect(cancelRedrive(operator.sql, crypto.randomUUID(), by)).rejects.toThrow('there is no redrive');
    expect((await find()).map(([, verdict]) => verdict)).toEqual(['READY', 'READY']);
  });

  test('waits in one redrive at a time', async () => {
    await fail(1);
    const waits = await fail(2);
    const first = await start({}, 1);
    const [found] = await findRedrivable(operator.sql, { runs: [waits], limit: 1 });
    expect(found && refusalOf(found)).toBe(`run ${waits} waits in redrive ${first} already`);
    expect(await startRedrive(operator.sql, { limit: 100 }, 100, by)).toBeNull();
  });

  test('asked by id says of each that cannot be taken up what to do', async () => {
    const running = await startToy(to.control, day(1));
    const succeeded = await startToy(to.control, day(2));
    await workOff(to, admin, succeeded.runId);
    const failed = await fail(3);
    const sibling = await startToy(to.control, day(3));
    const nobody = crypto.randomUUID();
    const runs = [running.runId, succeeded.runId, failed, nobody];
    const found = await findRedrivable(operator.sql, { runs, limit: 100 });
    const sentences = new Map(found.map((each) => [each.run_id, refusalOf(each)]));
    expect(runs.map((runId) => sentences.get(runId))).toEqual([
      `run ${running.runId} is under way: wait for it to end, or cancel it first`,
      `run ${succeeded.runId} has succeeded: start a new one to do it again`,
      `run ${sibling.runId} of the same pipeline and date is under way: wait for it to end, or cancel it first`,
      `there is no run ${nobody}`,
    ]);
    expect(await startRedrive(operator.sql, { runs, limit: 100 }, 10, by)).toBeNull();
    const left = await admin.sql(line)`select redrive_id::text as line from ops.redrives`;
    expect(left).toEqual([]);
  });

  test('leaves what was done since, and what somebody cancelled, unless it is asked for', async () => {
    const done = await fail(1);
    await workOff(to, admin, (await startToy(to.control, day(1))).runId);
    const cancelled = await startToy(to.control, day(2));
    await cancel(operator, cancelled.runId);
    expect(await find()).toEqual([]);
    expect(await find({ code: 'CANCELLED' })).toEqual([[cancelled.runId, 'READY']]);
    expect(await find({ runs: [done] })).toEqual([[done, 'READY']]);
  });

  test('of two failed runs of a date takes up the newest', async () => {
    await fail(1);
    const newest = await fail(1);
    const id = await start();
    expect(await told(id)).toEqual(['2025-03-01 RETRIED running', '2025-03-01 ACTIVE failed']);
    expect(await runStatus(admin, newest)).toBe('running');
  });
});
