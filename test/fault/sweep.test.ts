import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { RetryableError } from '../../functions/core/errors.ts';
import type { Services } from '../../functions/core/execute.ts';
import { startJob } from '../../functions/core/start.ts';
import { sweep, wouldSweep } from '../../functions/core/sweep.ts';
import type { SweepSchedule } from '../../functions/core/sweep-schedule.ts';
import { testDatabase } from '../support/database.ts';
import { testQueues } from '../support/queues.ts';
import {
  deliver,
  effects,
  goSilent,
  nextDate,
  runStatus,
  services,
  startToy,
  states,
  toyJob,
  toyJobs,
  toyPipeline,
  toyQueues,
  trigger,
} from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);
const first = toyJob('toy.first');
let to: Services;
let switched: string[];
/** What happens between switching off and looking again. */
let meanwhile: () => Promise<void>;

const schedule: SweepSchedule = {
  enable: async () => switched.push('on') > 0,
  disable: async () => {
    const was = switched.at(-1) !== 'off';
    switched.push('off');
    await meanwhile();
    return was;
  },
};
const swept = () => sweep(to.control, sqs.queues, schedule);

beforeAll(async () => {
  ({ to } = await toyWorld(database));
});
beforeEach(async () => {
  // Whatever the test before left under way is over.
  await database.admin
    .sql`update ops.job_runs set status = 'failed', error = '{}', finished_at = now() where status in ('queued', 'running')`;
  await database.admin
    .sql`update ops.runs set status = 'failed', error = '{}', finished_at = now() where status = 'running'`;
  await database.admin.sql`truncate public.toy_effects`;
  switched = ['on'];
  meanwhile = async () => {};
});

const version = z.strictObject({ version: z.int() });
async function versionOf(jobRunId: string): Promise<number> {
  const [row] = await database.admin.sql(
    version,
  )`select version from ops.job_runs where job_run_id = ${jobRunId}::uuid`;
  return row?.version ?? 0;
}

/** Takes the job run up and is killed: no word to the ledger, no commit. */
async function die(jobRunId: string): Promise<void> {
  await database.admin
    .sql`select ops.begin_attempt(${jobRunId}::uuid, ${await versionOf(jobRunId)}, 'sqs', ${randomUUID()}, 'test')`;
  await goSilent(database.admin, jobRunId);
}

const sentTo = (job: string, runId: string) => sqs.waiting(job).filter((body) => body.includes(runId));

describe('a worker that died', () => {
  test('has its job queued again with a new version; the old message does nothing', async () => {
    const run = await startToy(to.control, nextDate());
    await die(run.jobRunId);
    expect(await wouldSweep(to.control)).toMatchObject({ active: 1, silent: 1 });
    expect(await swept()).toMatchObject({ requeued: 1, given_up: 0, active: 1 });
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 1']);
    expect(sentTo('toy.first', run.runId).at(-1)).toContain('"version":2');
    expect(await deliver(to, first, run.jobRunId, { version: 1 })).toMatchObject({ kind: 'settled' });
    expect(await effects(database.admin)).toEqual([]);
    await deliver(to, first, run.jobRunId, { version: 2 });
    expect(await effects(database.admin)).toEqual(['toy.first done']);
    expect(switched).toEqual(['on', 'on']);
  });

  test('is left alone while it gives signs of life', async () => {
    const run = await startToy(to.control, nextDate());
    await deliver(
      to,
      toyJob('toy.first', async () => {
        expect(await swept()).toMatchObject({ requeued: 0, active: 1 });
        return undefined;
      }),
      run.jobRunId,
    );
    expect(await states(database.admin, run.runId)).toEqual(['toy.first succeeded 1', 'toy.second queued 0']);
  });

  test('and only seemed so cannot commit any more', async () => {
    const run = await startToy(to.control, nextDate());
    const slow = toyJob('toy.first', async () => {
      await goSilent(database.admin, run.jobRunId);
      expect(await swept()).toMatchObject({ requeued: 1 });
      return undefined;
    });
    expect(await deliver(to, slow, run.jobRunId)).toMatchObject({ kind: 'settled' });
    expect(await effects(database.admin)).toEqual([]);
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 1']);
  });

  test('five times fails the job run, skips what waits for it and runs what always runs', async () => {
    const run = await startToy(to.control, nextDate());
    for (let died = 1; died <= 5; died += 1) {
      await die(run.jobRunId);
      expect(await swept()).toMatchObject(
        died < 5 ? { requeued: 1, given_up: 0 } : { requeued: 0, given_up: 1 },
      );
    }
    expect(await states(database.admin, run.runId)).toEqual([
      'toy.first failed 5',
      'toy.second skipped 0',
      'toy.third skipped 0',
      'toy.alert queued 0',
    ]);
    expect(sentTo('toy.alert', run.runId)).toHaveLength(1);
  });

  test('found by two sweepers at once is queued again once', async () => {
    const run = await startToy(to.control, nextDate());
    await die(run.jobRunId);
    const other = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
    const both = await Promise.all([swept(), sweep(other.control, sqs.queues, schedule)]);
    expect(both.reduce((sum, each) => sum + each.requeued, 0)).toBe(1);
    expect(await versionOf(run.jobRunId)).toBe(2);
    expect(sentTo('toy.first', run.runId).filter((body) => body.includes('"version":2'))).toHaveLength(1);
  });
});

describe('tries', () => {
  const failing = toyJob('toy.first', async () => {
    throw new RetryableError('not now', { code: 'LATER' });
  });
  test('are counted from the last time that the job yielded', async () => {
    const run = await startToy(to.control, nextDate());
    for (let chunk = 1; chunk <= 3; chunk += 1) {
      await deliver(to, yieldingAfterOne(), run.jobRunId, {
        version: chunk,
        lastAttempt: 2,
        ...shortOfTime(),
      });
    }
    expect(await states(database.admin, run.runId)).toEqual(['toy.first queued 3']);
    const late = { version: 4, lastAttempt: 2 };
    expect(await deliver(to, failing, run.jobRunId, late)).toMatchObject({ kind: 'again' });
    expect(await deliver(to, failing, run.jobRunId, late)).toMatchObject({ kind: 'settled' });
    expect((await states(database.admin, run.runId))[0]).toBe('toy.first failed 5');
  });
});

/** One chunk, and more to do. */
function yieldingAfterOne() {
  return toyJob('toy.first', async () => ({ report: {}, next: 1 }));
}

/** Enough time for the first chunk and not for a second. */
function shortOfTime() {
  let asked = 0;
  return { remaining: () => (asked++ < 1 ? 600_000 : 10_000) };
}

describe('what else is left behind', () => {
  test('a message that was never sent is sent, and so is the wake-up of its run', async () => {
    const run = await startToy(to.control, nextDate());
    expect(sentTo('toy.first', run.runId)).toEqual([]);
    expect((await swept()).sent).toBeGreaterThanOrEqual(2);
    expect(sentTo('toy.first', run.runId)).toHaveLength(1);
    expect(sentTo('toy.sweep', run.runId)).toHaveLength(1);
    expect((await swept()).sent).toBe(0);
  });

  test('a message that is gone for six hours is sent anew', async () => {
    const run = await startToy(to.control, nextDate());
    await swept();
    await database.admin
      .sql`update ops.outbox set sent_at = sent_at - interval '6 hours' where run_id = ${run.runId}::uuid`;
    expect(await swept()).toMatchObject({ resent: 0 });
    await database.admin
      .sql`update ops.job_runs set queued_at = queued_at - interval '6 hours' where run_id = ${run.runId}::uuid`;
    expect(await swept()).toMatchObject({ resent: 1, sent: 1 });
    expect(sentTo('toy.first', run.runId).at(-1)).toContain('"version":2');
    expect(await swept()).toMatchObject({ resent: 0, sent: 0 });
  });

  test('a run whose jobs are all settled is closed', async () => {
    const run = await startToy(to.control, nextDate());
    await database.admin.sql`
      insert into ops.job_runs (run_id, job, input, status, finished_at)
      select ${run.runId}::uuid, job, '{}', 'succeeded', now() from unnest(${toyJobs.slice(1)}::text[]) as left_over(job)`;
    const { sql } = database.admin;
    await sql`update ops.job_runs set status = 'running' where job_run_id = ${run.jobRunId}::uuid`;
    await sql`update ops.job_runs set status = 'succeeded', finished_at = now() where job_run_id = ${run.jobRunId}::uuid`;
    expect(await swept()).toMatchObject({ closed: 1, active: 0 });
    expect(await runStatus(database.admin, run.runId)).toContain('succeeded');
  });

  test('a run whose caller is gone is closed as abandoned', async () => {
    const run = await startJob(
      to.control.sql,
      toyPipeline,
      first,
      first.request({ asOf: nextDate() }),
      trigger(),
      { inline: true, codeVersion: 'test', dryRunByDefault: false },
    );
    expect(await swept()).toMatchObject({ closed: 0, active: 1 });
    await database.admin
      .sql`update ops.runs set created_at = created_at - interval '1 minute' where run_id = ${run.runId}::uuid`;
    await swept();
    expect(await runStatus(database.admin, run.runId)).toContain('ABANDONED');
  });
});

describe('the minute’s schedule', () => {
  test('goes off when nothing is under way, and stays so', async () => {
    expect(await swept()).toMatchObject({ active: 0 });
    await swept();
    expect(switched).toEqual(['on', 'off', 'off']);
  });

  test('comes on again for a run that began while it was going off', async () => {
    meanwhile = async () => {
      await startToy(to.control, nextDate());
    };
    expect(await swept()).toMatchObject({ active: 1 });
    expect(switched).toEqual(['on', 'off', 'on']);
  });
});
