import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import type { Services } from '../../functions/core/execute.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import { testDatabase } from '../support/database.ts';
import { testQueues } from '../support/queues.ts';
import {
  deliver,
  effects,
  jobRunOf,
  nextDate,
  runStatus,
  startToy,
  states,
  toyJob,
  toyQueues,
} from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);
const first = toyJob('toy.first');
const broken = toyJob('toy.second', async () => {
  throw new PermanentError('the books are not ours', { code: 'NOT_OURS' });
});
const by = { operator: 'arn:aws:iam::000000000000:user/ana', reason: 'the source was late' };
let to: Services;
let operator: Services['control'];

beforeAll(async () => {
  ({ to, operator } = await toyWorld(database));
});
beforeEach(() => database.admin.script('truncate public.toy_effects'));

const cancel = (runId: string) => cancelRun(operator.sql, runId, by);
const retry = (runId: string) => retryRun(operator.sql, runId, by);
const nobody = crypto.randomUUID();

const action = z.strictObject({
  action: z.string(),
  operator: z.string(),
  reason: z.string(),
  detail: z.json(),
});
const actionsOf = (runId: string) =>
  database.admin.sql(
    action,
  )`select action, operator, reason, detail from ops.operator_actions where run_id = ${runId}::uuid order by action_id`;

/** A night whose second job failed for good. */
async function failedRun(): Promise<string> {
  const { runId, jobRunId } = await startToy(to.control, nextDate());
  await deliver(to, first, jobRunId);
  await deliver(to, broken, await jobRunOf(database.admin, runId, 'toy.second'));
  await deliver(to, toyJob('toy.alert'), await jobRunOf(database.admin, runId, 'toy.alert'));
  expect(await runStatus(database.admin, runId)).toBe('failed NOT_OURS toy.second');
  return runId;
}

describe('cancelling a run', () => {
  test('ends what is queued and what would have followed, and says who and why', async () => {
    const run = await startToy(to.control, nextDate());
    await deliver(to, first, run.jobRunId);
    await cancel(run.runId);
    expect((await states(database.admin, run.runId)).toSorted()).toEqual([
      'toy.alert skipped 0',
      'toy.first succeeded 1',
      'toy.second failed 0',
      'toy.third skipped 0',
    ]);
    expect(await runStatus(database.admin, run.runId)).toContain('CANCELLED');
    expect(await actionsOf(run.runId)).toEqual([
      { action: 'CANCEL', ...by, detail: { ended: ['toy.second'], skipped: ['toy.alert', 'toy.third'] } },
    ]);
    const second = await jobRunOf(database.admin, run.runId, 'toy.second');
    expect(await deliver(to, toyJob('toy.second'), second)).toMatchObject({ kind: 'settled' });
    expect(await effects(database.admin)).toEqual(['toy.first done']);
  });

  test('keeps whoever is at work from committing', async () => {
    const run = await startToy(to.control, nextDate());
    const surprised = toyJob('toy.first', async () => {
      await cancel(run.runId);
      return undefined;
    });
    expect(await deliver(to, surprised, run.jobRunId)).toMatchObject({ kind: 'settled' });
    expect(await effects(database.admin)).toEqual([]);
    expect((await states(database.admin, run.runId))[0]).toBe('toy.first failed 1');
  });

  test('that is over, or was never there, is refused with what it is', async () => {
    const runId = await failedRun();
    await expect(cancel(runId)).rejects.toThrow(
      `run ${runId} has failed already: there is nothing to cancel`,
    );
    await expect(cancel(nobody)).rejects.toThrow(`there is no run ${nobody}`);
    expect(await actionsOf(runId)).toEqual([]);
  });

  test('by two at once happens once', async () => {
    const run = await startToy(to.control, nextDate());
    const other = database.connect('cuadre_operator');
    const both = await Promise.allSettled([cancel(run.runId), cancelRun(other.sql, run.runId, by)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await actionsOf(run.runId)).toHaveLength(1);
  });
});

describe('taking a failed run up again', () => {
  test('goes on from the job that failed, under the same id, and does not repeat what succeeded', async () => {
    const runId = await failedRun();
    expect(await retry(runId)).toBe(1);
    expect(await runStatus(database.admin, runId)).toBe('running');
    await sendOutbox(to.control, sqs.queues, runId);
    expect(
      sqs
        .waiting('toy.second')
        .filter((body) => body.includes(runId))
        .at(-1),
    ).toContain('"version":2');
    const second = await jobRunOf(database.admin, runId, 'toy.second');
    expect(await deliver(to, toyJob('toy.second'), second, { version: 1 })).toMatchObject({
      kind: 'settled',
    });
    expect((await states(database.admin, runId)).filter((state) => state.startsWith('toy.second'))).toEqual([
      'toy.second queued 1',
    ]);
    await deliver(to, toyJob('toy.second'), second, { version: 2 });
    await deliver(to, toyJob('toy.third'), await jobRunOf(database.admin, runId, 'toy.third'));
    expect(await runStatus(database.admin, runId)).toBe('succeeded');
    expect(await effects(database.admin)).toEqual([
      'toy.alert done',
      'toy.first done',
      'toy.second done',
      'toy.third done',
    ]);
    expect(await actionsOf(runId)).toMatchObject([
      {
        action: 'RETRY',
        detail: { error: { code: 'NOT_OURS' }, jobs: [{ job: 'toy.second' }, { job: 'toy.third' }] },
      },
    ]);
  });

  test('gives the job all its tries again', async () => {
    const { runId, jobRunId } = await startToy(to.control, nextDate());
    const failing = toyJob('toy.first', async () => {
      throw new RetryableError('not now', { code: 'LATER' });
    });
    for (const kind of ['again', 'settled']) {
      expect(await deliver(to, failing, jobRunId, { lastAttempt: 2 })).toMatchObject({ kind });
    }
    await deliver(to, toyJob('toy.alert'), await jobRunOf(database.admin, runId, 'toy.alert'));
    await retry(runId);
    for (const kind of ['again', 'settled']) {
      expect(await deliver(to, failing, jobRunId, { version: 2, lastAttempt: 2 })).toMatchObject({ kind });
    }
  });

  test('is possible after it was cancelled', async () => {
    const { runId, jobRunId } = await startToy(to.control, nextDate());
    await cancel(runId);
    await retry(runId);
    await deliver(to, first, jobRunId, { version: 2 });
    expect(await states(database.admin, runId)).toEqual(['toy.first succeeded 1', 'toy.second queued 0']);
  });

  test('is refused while it is under way, when it succeeded, when another is under way, and when it never was', async () => {
    const runId = await failedRun();
    await retry(runId);
    await expect(retry(runId)).rejects.toThrow('is under way: wait for it to end, or cancel it first');
    await cancel(runId);
    const [{ as_of: asOf = '' } = {}] = await database.admin.sql(
      z.strictObject({ as_of: z.iso.date() }),
    )`select as_of from ops.runs where run_id = ${runId}::uuid`;
    const other = await startToy(to.control, asOf);
    await expect(retry(runId)).rejects.toThrow(
      `run ${other.runId} of the same pipeline and date is under way`,
    );
    await expect(retry(nobody)).rejects.toThrow(`there is no run ${nobody}`);
    expect(await runStatus(database.admin, runId)).toContain('CANCELLED');
  });
});

describe('what operators did', () => {
  test.each(['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const)(
    'cannot be rewritten by %s',
    async (role) => {
      const { sql } = database.connect(role);
      await expect(
        sql`insert into ops.operator_actions (operator, action, run_id, reason) select 'me', 'CANCEL', run_id, 'x' from ops.runs limit 1`,
      ).rejects.toThrow(/permission denied|read-only/);
      await expect(sql`delete from ops.operator_actions`).rejects.toThrow(/permission denied|read-only/);
    },
  );

  test('nor by the owner', async () => {
    const { sql } = database.admin;
    await expect(sql`update ops.operator_actions set reason = 'another'`).rejects.toThrow(/is history/);
    await expect(sql`delete from ops.operator_actions`).rejects.toThrow(/is history/);
    await expect(sql`truncate ops.operator_actions cascade`).rejects.toThrow(/is history/);
  });
});
