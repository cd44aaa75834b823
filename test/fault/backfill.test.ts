import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import type { Services } from '../../functions/core/execute.ts';
import { carryOn } from '../../functions/core/ledger.ts';
import { retryRun } from '../../functions/core/operations.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import { sweepOnce } from '../../functions/core/sweep.ts';
import { testDatabase, versions } from '../support/database.ts';
import {
  backfillStatus,
  by,
  cancel,
  dates,
  failedRun,
  forgetRuns,
  runOn,
  startToyBackfill,
  steer,
  workOff,
} from '../support/many.ts';
import { testQueues } from '../support/queues.ts';
import { goSilent, startToy, toyQueues } from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const sqs = testQueues(toyQueues);

describe.each(versions)('a backfill on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let admin: Database;
  let operator: Database;
  let to: Services;
  beforeAll(async () => {
    ({ admin, operator, to } = await toyWorld(database));
  });
  beforeEach(() => forgetRuns(admin));

  const start = (over: Parameters<typeof startToyBackfill>[1] = {}) => startToyBackfill(operator, over);
  const shown = (id: string) => dates(admin, id);
  const work = (runId?: string, failing?: string) => workOff(to, admin, runId, failing);

  test('runs one date after the other, and begins the next in the transaction that ends the last', async () => {
    const id = await start({ to: '2025-03-03' });
    expect(await shown(id)).toEqual(['2025-03-01 active', '2025-03-02 pending', '2025-03-03 pending']);
    await work(await runOn(admin, id, '2025-03-01'));
    expect(await shown(id)).toEqual(['2025-03-01 succeeded', '2025-03-02 active', '2025-03-03 pending']);
    await work();
    expect(await shown(id)).toEqual(['2025-03-01 succeeded', '2025-03-02 succeeded', '2025-03-03 succeeded']);
    expect(await backfillStatus(admin, id)).toBe('finished');
  });

  test('has its next date’s messages sent by whoever ended the last', async () => {
    const id = await start({ to: '2025-03-02' });
    const first = await runOn(admin, id, '2025-03-01');
    await sendOutbox(to.control, sqs.queues, first);
    await work(first);
    await sendOutbox(to.control, sqs.queues, first);
    const second = await runOn(admin, id, '2025-03-02');
    expect(sqs.waiting('toy.first').filter((body) => body.includes(second))).toHaveLength(1);
    expect(sqs.waiting('toy.sweep').filter((body) => body.includes(second))).toHaveLength(1);
  });

  test('takes the newest first when asked to, several at a time', async () => {
    const id = await start({ to: '2025-03-04', order: 'newest', concurrency: 2 });
    expect(await shown(id)).toEqual([
      '2025-03-04 active',
      '2025-03-03 active',
      '2025-03-02 pending',
      '2025-03-01 pending',
    ]);
    await work(await runOn(admin, id, '2025-03-03'));
    expect((await shown(id)).slice(0, 3)).toEqual([
      '2025-03-04 active',
      '2025-03-03 succeeded',
      '2025-03-02 active',
    ]);
  });

  test('skips what is done, also when it was done after the plan, and does it again when forced', async () => {
    await startToy(to.control, '2025-03-01');
    await work();
    const id = await start({ to: '2025-03-03' });
    expect(await shown(id)).toEqual(['2025-03-01 done', '2025-03-02 active', '2025-03-03 pending']);
    const own = await startToy(to.control, '2025-03-03');
    await work(own.runId);
    await work();
    expect(await shown(id)).toEqual(['2025-03-01 done', '2025-03-02 succeeded', '2025-03-03 done']);
    expect(await backfillStatus(admin, id)).toBe('finished');
    const forced = await start({ to: '2025-03-03', force: true });
    await work();
    expect(await shown(forced)).toEqual([
      '2025-03-01 succeeded',
      '2025-03-02 succeeded',
      '2025-03-03 succeeded',
    ]);
  });

  test('a dry run or a single job of the date does not count as done', async () => {
    await admin.sql`
      insert into ops.runs (pipeline, kind, as_of, dry_run, inline, trigger_kind, trigger_key, trigger, request_digest, input, graph, code_version, status, finished_at)
      values ('toy-daily', 'pipeline', '2025-03-01', true, false, 'api', 'dry', '{}', '', '{}', '{}', 'test', 'succeeded', now()),
             ('toy-daily', 'job', '2025-03-01', false, false, 'api', 'job', '{}', '', '{}', '{}', 'test', 'succeeded', now())`;
    expect(await shown(await start({ to: '2025-03-01' }))).toEqual(['2025-03-01 active']);
  });

  test('a date that somebody else runs waits, and the others go on', async () => {
    const other = await startToy(to.control, '2025-03-01');
    const id = await start({ to: '2025-03-02' });
    expect(await shown(id)).toEqual(['2025-03-01 refused', '2025-03-02 active']);
    expect(await runOn(admin, id, '2025-03-01')).toBe(other.runId);
    await work(await runOn(admin, id, '2025-03-02'));
    expect(await shown(id)).toEqual(['2025-03-01 refused', '2025-03-02 succeeded']);
    await cancel(operator, other.runId);
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ started: 1 });
    expect(await shown(id)).toEqual(['2025-03-01 active', '2025-03-02 succeeded']);
  });

  test('of which every date waits for somebody else wakes the sweeper all the same', async () => {
    const other = await startToy(to.control, '2025-03-01');
    await sendOutbox(to.control, sqs.queues, null);
    const before = sqs.waiting('toy.sweep').length;
    await start({ to: '2025-03-01' });
    await sendOutbox(operator, sqs.queues, null);
    expect(sqs.waiting('toy.sweep').slice(before)).toEqual([expect.stringContaining(other.runId)]);
    await cancel(operator, other.runId);
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ started: 1 });
  });

  test('goes on when a date fails, and pauses then when asked to, until somebody accepts it', async () => {
    const on = await start({ to: '2025-03-02' });
    await work(await runOn(admin, on, '2025-03-01'), 'toy.second');
    expect(await shown(on)).toEqual(['2025-03-01 failed', '2025-03-02 active']);
    await work();

    const id = await start({ from: '2025-04-01', to: '2025-04-03', stopOnFailure: true });
    await work(await runOn(admin, id, '2025-04-01'), 'toy.second');
    expect(await shown(id)).toEqual(['2025-04-01 failed', '2025-04-02 pending', '2025-04-03 pending']);
    expect(await backfillStatus(admin, id)).toBe('paused: 2025-04-01 failed: toy.second UNEXPECTED');
    expect(await steer(operator, id, 'resume')).toEqual({ status: 'running', started: 1 });
    await work(await runOn(admin, id, '2025-04-02'), 'toy.first');
    expect(await backfillStatus(admin, id)).toBe('paused: 2025-04-02 failed: toy.first UNEXPECTED');
  });

  test('pauses when a job refuses the input: it would on every date', async () => {
    const id = await start({ input: { 'toy.second': { colour: 'red' } } });
    await work();
    expect(await backfillStatus(admin, id)).toBe('paused: 2025-03-01 failed: toy.second INVALID_INPUT');
    expect((await shown(id)).filter((each) => each.endsWith('pending'))).toHaveLength(4);
  });

  test('paused in the middle begins nothing, by whatever way; resumed it goes on', async () => {
    const id = await start();
    const first = await runOn(admin, id, '2025-03-01');
    expect(await steer(operator, id, 'pause')).toEqual({ status: 'paused', started: 0 });
    await work(first);
    expect(await carryOn(to.control.sql)).toMatchObject({ started: 0, backfills: 0 });
    expect((await shown(id)).slice(0, 2)).toEqual(['2025-03-01 succeeded', '2025-03-02 pending']);
    expect(await steer(operator, id, 'resume')).toEqual({ status: 'running', started: 1 });
    await work();
    expect(await backfillStatus(admin, id)).toBe('finished');
  });

  test('cancelled leaves the run under way to its end, and the rest undone', async () => {
    const id = await start({ to: '2025-03-02' });
    await steer(operator, id, 'cancel');
    await work();
    expect(await shown(id)).toEqual(['2025-03-01 succeeded', '2025-03-02 cancelled']);
  });

  test('a run that is cancelled, or whose worker is lost for good, makes room for the next date', async () => {
    const id = await start({ to: '2025-03-03' });
    await cancel(operator, await runOn(admin, id, '2025-03-01'));
    expect((await shown(id)).slice(0, 2)).toEqual(['2025-03-01 failed', '2025-03-02 active']);
    const second = await runOn(admin, id, '2025-03-02');
    const job = z.strictObject({ id: z.uuid(), version: z.int() });
    for (let died = 0; died < 5; died += 1) {
      const [queued] = await admin.sql(job)`
        select job_run_id as id, version from ops.job_runs where run_id = ${second}::uuid and status = 'queued'`;
      if (queued === undefined) break;
      await admin.sql`select ops.begin_attempt(${queued.id}::uuid, ${queued.version}, 'sqs', 'r', 'test')`;
      await goSilent(admin, queued.id);
      await sweepOnce(to.control, sqs.queues);
    }
    await work(second);
    expect((await shown(id)).slice(1)).toEqual(['2025-03-02 failed', '2025-03-03 active']);
  });

  test('a run taken up again by hand counts as under way', async () => {
    const id = await start({ to: '2025-03-03' });
    const first = await runOn(admin, id, '2025-03-01');
    await work(first, 'toy.first');
    await retryRun(operator.sql, first, by);
    await work(await runOn(admin, id, '2025-03-02'));
    expect(await shown(id)).toEqual(['2025-03-01 active', '2025-03-02 succeeded', '2025-03-03 pending']);
    await work();
    expect(await backfillStatus(admin, id)).toBe('finished');
  });

  test('moved on by several at once begins each date once and keeps to its concurrency', async () => {
    const id = await start({ to: '2025-03-05', concurrency: 3 });
    await steer(operator, id, 'pause');
    await admin.sql`update ops.backfills set concurrency = 4, status = 'running', paused_because = null`;
    const others = [1, 2, 3].map(() => database.connect('cuadre_jobs'));
    const begun = await Promise.all(others.map(({ sql }) => carryOn(sql)));
    expect(begun.reduce((sum, { started }) => sum + started, 0)).toBe(1);
    expect((await shown(id)).filter((each) => each.endsWith('active'))).toHaveLength(4);
  });

  test('whoever comes second waits for the first, and counts what it began', async () => {
    const id = await start({ concurrency: 2 });
    await admin.sql`update ops.backfills set concurrency = 3`;
    const advanced = z.strictObject({ n: z.int() });
    const [first, other, looking] = [0, 1, 2].map(() => database.connect('postgres'));
    if (first === undefined || other === undefined || looking === undefined)
      throw new Error('no connections');
    const advance = (sql: Database['sql']) => sql(advanced)`select ops.advance_backfill(${id}::uuid) as n`;
    const second = await first.transaction(async (sql) => {
      expect(await advance(sql)).toEqual([{ n: 1 }]);
      const waits = advance(other.sql);
      for (let blocked = 0; blocked === 0; ) {
        blocked = await looking.sql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%advance_backfill%'`;
      }
      return { waits };
    });
    expect(await second.waits).toEqual([{ n: 0 }]);
    expect((await shown(id)).filter((each) => each.endsWith('active'))).toHaveLength(3);
  });

  test('does not take the work of a job back when it cannot go on; the sweeper sees it', async () => {
    const id = await start({ to: '2025-03-02' });
    await admin.sql`update ops.backfills set graph = '[]'`;
    await work(await runOn(admin, id, '2025-03-01'));
    expect(await shown(id)).toEqual(['2025-03-01 succeeded', '2025-03-02 pending']);
    await expect(carryOn(to.control.sql)).rejects.toThrow(/object/);
  });

  test('is refused what it cannot be: overlapping another, twice the same step, after its end', async () => {
    const id = await start();
    await expect(start({ from: '2025-03-05', to: '2025-03-06' })).rejects.toThrow(
      `backfill ${id} of toy-daily is not over and has some of these dates: wait for it, or cancel it first`,
    );
    await expect(steer(operator, id, 'resume')).rejects.toThrow('is running: there is nothing to resume');
    await steer(operator, id, 'pause');
    await expect(steer(operator, id, 'pause')).rejects.toThrow('is paused already');
    await steer(operator, id, 'cancel');
    await expect(steer(operator, id, 'resume')).rejects.toThrow('is cancelled: start another');
    await expect(steer(operator, crypto.randomUUID(), 'pause')).rejects.toThrow('there is no backfill');
    const done = z.strictObject({ done: z.string() });
    const acted = await admin.sql(done)`
      select action || ' ' || operator || ' ' || reason as done from ops.operator_actions where subject = ${`backfill ${id}`} order by action_id`;
    expect(acted.map((row) => row.done)).toEqual(
      ['BACKFILL', 'BACKFILL_PAUSE', 'BACKFILL_CANCEL'].map(
        (action) => `${action} ${by.operator} ${by.reason}`,
      ),
    );
  });

  test('of two operators at once one begins it, and two who pause it pause it once', async () => {
    const other = database.connect('cuadre_operator');
    const both = await Promise.allSettled([start(), startToyBackfill(other)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const [id = ''] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const paused = await Promise.allSettled([steer(operator, id, 'pause'), steer(other, id, 'pause')]);
    expect(paused.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a failed run of before is no reason to skip its date', async () => {
    await failedRun(to, '2025-03-01');
    expect(await shown(await start({ to: '2025-03-01' }))).toEqual(['2025-03-01 active']);
  });

  test.each(['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const)(
    '%s writes none of it but by its functions',
    async (role) => {
      const { sql } = database.connect(role);
      await expect(sql`update ops.backfills set status = 'finished'`).rejects.toThrow(/denied|read-only/);
      await expect(sql`delete from ops.backfill_dates`).rejects.toThrow(/denied|read-only/);
      await expect(sql`update ops.redrives set rate_per_minute = 600`).rejects.toThrow(/denied|read-only/);
      await expect(sql`delete from ops.redrive_runs`).rejects.toThrow(/denied|read-only/);
    },
  );
});
