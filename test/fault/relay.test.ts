/** Messages that SQS does not take: they stay due, whoever can come back does, and they keep nobody else from anything. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { workerConfig } from '../../functions/core/config.ts';
import type { Services } from '../../functions/core/execute.ts';
import { cancelRun } from '../../functions/core/operations.ts';
import { relay, sendOutbox } from '../../functions/core/outbox.ts';
import { plan } from '../../functions/core/planner.ts';
import { workRecords } from '../../functions/core/queue-worker.ts';
import type { Queues } from '../../functions/core/queues.ts';
import { sweep, sweepOnce, wouldSweep } from '../../functions/core/sweep.ts';
import { sweepAndLook } from '../../functions/core/sweep-and-look.ts';
import { testDatabase } from '../support/database.ts';
import { testQueues } from '../support/queues.ts';
import { invocation, scheduled } from '../support/scheduled.ts';
import { nextDate, startToy, states, toyJob, toyPipeline, toyQueues, trigger } from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const database = testDatabase();
const sqs = testQueues([...toyQueues, 'toy.new']);
const unknown = expect.objectContaining({ name: 'NotSentError', code: 'UNKNOWN_QUEUE' });
let to: Services;
beforeAll(async () => {
  ({ to } = await toyWorld(database));
});
beforeEach(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  // Whatever the test before left under way is over, and nothing is due.
  await database.admin.script(`
    update ops.job_runs set status = 'failed', error = '{}', finished_at = now() where status in ('queued', 'running');
    update ops.runs set status = 'failed', error = '{}', finished_at = now() where status = 'running';
    update ops.outbox set sent_at = now() where sent_at is null`);
});
afterEach(() => vi.restoreAllMocks());

const sentTo = (job: string, runId: string) => sqs.waiting(job).filter((body) => body.includes(runId));
const due = z.strictObject({ due: z.string() });
async function unsent(): Promise<string[]> {
  const rows = await database.admin.sql(due)`
    select job as due from ops.outbox where sent_at is null order by outbox_id`;
  return rows.map((row) => row.due);
}
/** A run whose first job has no queue any more: it was renamed while the run was under way. */
async function stranded(): Promise<string> {
  const { runId } = await startToy(to.control, nextDate());
  await database.admin
    .sql`update ops.outbox set job = 'toy.gone' where run_id = ${runId}::uuid and job = 'toy.first'`;
  return runId;
}

describe('a message without a queue', () => {
  test('keeps no other from being sent, once', async () => {
    await stranded();
    const other = await startToy(to.control, nextDate());
    for (const sent of [3, 0]) {
      const relayed = await relay(to.control, sqs.queues, null);
      expect(relayed).toEqual({ sent, refused: unknown });
      expect(sentTo('toy.first', other.runId)).toHaveLength(1);
      expect(await unsent()).toEqual(['toy.gone']);
    }
  });

  test('and more of them than are taken at once are passed over', async () => {
    const one = await startToy(to.control, nextDate());
    await database.admin.sql`update ops.outbox set sent_at = now() where sent_at is null`;
    await database.admin.sql`
      insert into ops.outbox (run_id, job, message)
      select ${one.runId}::uuid, case when n in (120, 260) then 'toy.new' else 'toy.gone' end, jsonb_build_object('n', n)
      from generate_series(1, 260) n`;
    const { sent, refused } = await relay(to.control, sqs.queues, null);
    expect([sent, refused?.refusals.length]).toEqual([2, 1]);
    expect(sqs.waiting('toy.new').toSorted()).toEqual(['{"n":120}', '{"n":260}']);
    expect(await unsent()).toHaveLength(258);
    // It waits no longer when the queue is there again.
    await database.admin.sql`update ops.outbox set job = 'toy.new' where sent_at is null`;
    expect(await relay(to.control, sqs.queues, null)).toEqual({ sent: 258, refused: undefined });
  });

  test('keeps the sweeper neither from coming again nor from the schedules, and is told at the end', async () => {
    await stranded();
    const { schedule, scheduler } = scheduled();
    scheduler.on.set('sweep', false);
    const log = to.log;
    const sweeping = sweepAndLook({
      control: to.control,
      queues: sqs.queues,
      scheduler,
      sweepSchedule: 'sweep',
      schedules: [schedule],
      log,
      now: new Date('2026-01-10T11:00:00Z'),
    });
    await expect(sweeping).rejects.toEqual(unknown);
    expect(scheduler.on.get('sweep')).toBe(true);
    expect(scheduler.calls).toContain(`describe ${schedule.name}`);
  });

  test('keeps the sweeper from no rest either', async () => {
    const one = await stranded();
    await sweepOnce(to.control, sqs.queues);
    // Over, and not by a person's word: its message is worth a try.
    await database.admin
      .sql`update ops.runs set status = 'failed', error = '{}', finished_at = now() where run_id = ${one}::uuid`;
    const switched: string[] = [];
    const schedule = {
      enable: async () => switched.push('on') > 0,
      disable: async () => switched.push('off') > 0,
    };
    await expect(sweep(to.control, sqs.queues, schedule)).rejects.toEqual(unknown);
    expect(switched).toEqual(['off']);
  });

  test('is told to a person who sweeps when nothing could be sent, and is in the log otherwise', async () => {
    await stranded();
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ sent: 1, active: 1 });
    await expect(sweepOnce(to.control, sqs.queues)).rejects.toEqual(unknown);
  });

  test('is given up with its run by a person; what wakes the sweeper is sent still', async () => {
    const runId = await stranded();
    expect(await wouldSweep(to.control)).toMatchObject({ unsent: 2 });
    await cancelRun(database.admin.sql, runId, { operator: 'ana', reason: 'its job is gone' });
    expect(await wouldSweep(to.control)).toMatchObject({ unsent: 1 });
    expect(await sendOutbox(to.control, sqs.queues, runId)).toBe(1);
    expect(sentTo('toy.sweep', runId)).toHaveLength(1);
    expect(await unsent()).toEqual(['toy.gone']);
    expect(await sweepOnce(to.control, sqs.queues)).toMatchObject({ sent: 0, active: 0 });
    expect(await wouldSweep(to.control)).toMatchObject({ unsent: 0 });
  });
});

describe('what SQS did not take', () => {
  test('fails its planner, whose next call finds the run and sends it', async () => {
    const request = { asOf: nextDate(), dryRun: false, input: {} };
    const fired = trigger();
    const planned = (queues: Queues) => plan(toyPipeline, request, fired, invocation(to.control), queues);
    await expect(planned(sqs.only('toy.sweep'))).rejects.toEqual(unknown);
    expect(await unsent()).toEqual(['toy.first']);
    const { runId, created } = await planned(sqs.queues);
    expect(created).toBe(false);
    expect(sentTo('toy.first', runId)).toHaveLength(1);
    expect(sentTo('toy.sweep', runId)).toHaveLength(1);
  });

  test('is not taken for sent when nobody says why', async () => {
    const request = { asOf: nextDate(), dryRun: false, input: {} };
    const mute: Queues = { ...sqs.queues, send: async () => new Map() };
    const planned = plan(toyPipeline, request, trigger(), invocation(to.control), mute);
    await expect(planned).rejects.toMatchObject({
      code: 'SQS',
      message: expect.stringContaining('toy.first: NO_RECEIPT'),
    });
    expect(await unsent()).toEqual(['toy.sweep', 'toy.first']);
  });

  test('keeps its worker’s message, which sends it when it comes back and does nothing else', async () => {
    const run = await startToy(to.control, nextDate());
    await sendOutbox(to.control, sqs.queues, run.runId);
    const ids = { runId: run.runId, jobRunId: run.jobRunId };
    const record = {
      messageId: 'm',
      receiptHandle: 'r',
      body: JSON.stringify({ schema: 1, ...ids, job: 'toy.first', version: 1 }),
      eventSource: 'aws:sqs' as const,
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:toy-first',
      attributes: { ApproximateReceiveCount: 1 },
    };
    const works = async (queues: Queues) => {
      const environment = { ...to, config: workerConfig({}) };
      const more = { requestId: 'r', functionArn: 'arn', remaining: () => 600_000 };
      const { batchItemFailures } = await workRecords(
        toyJob('toy.first'),
        [record],
        { environment, log: to.log, ...more },
        queues,
      );
      return [batchItemFailures.length, ...(await states(database.admin, run.runId))];
    };
    const ledger = ['toy.first succeeded 1', 'toy.second queued 0'];
    expect(await works(sqs.only('toy.first'))).toEqual([1, ...ledger]);
    expect(await unsent()).toEqual(['toy.second']);
    expect(await works(sqs.queues)).toEqual([0, ...ledger]);
    expect(sentTo('toy.second', run.runId)).toHaveLength(1);
    expect(await unsent()).toEqual([]);
  });
});
