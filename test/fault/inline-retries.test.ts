/** A job that was called directly: Lambda calls again, with the same request id, after it killed the first call. */
import { describe, expect, test } from 'vitest';
import type { Database } from '../../functions/core/database.ts';
import { LostError } from '../../functions/core/errors.ts';
import { runInline } from '../../functions/core/job-handler.ts';
import { testDatabase } from '../support/database.ts';
import { jobOf, statesOf } from '../support/drive.ts';
import { invocation } from '../support/scheduled.ts';
import { daily, splitting } from '../support/splitting.ts';
import { effects, goSilent, nextDate, trigger } from '../support/toy.ts';

const database = testDatabase();
const toy = splitting(database);

/** Calls of one request, each from an environment of its own. */
function calls() {
  const fired = trigger();
  const asOf = nextDate();
  return (work: Database = database.connect('cuadre_jobs')) => {
    const [job] = toy.jobs();
    if (job === undefined) throw new Error('there is no job');
    const { environment, log } = invocation(database.connect('cuadre_jobs'));
    const around = { environment: { ...environment, work }, log, requestId: fired.key };
    return runInline(daily, job, job.request({ asOf, dryRun: false }), fired, {
      ...around,
      remaining: () => 600_000,
    });
  };
}

const each = ['toy.split a done', 'toy.split c done', 'toy.split large done', 'toy.split split'];

describe('a call that is repeated', () => {
  test('answers with what the first did', async () => {
    const call = calls();
    const first = await call();
    expect(first).toMatchObject({ status: 'succeeded', report: { shards_succeeded: 3 } });
    expect(await call()).toEqual(first);
    expect(await effects(database.admin)).toEqual(each);
  });

  test('after the first was killed in a shard takes it over, and goes on with the others', async () => {
    const call = calls();
    const dead = Promise.withResolvers<string>();
    const wakes = Promise.withResolvers<void>();
    let shards = 0;
    toy.behaviour.meanwhile = async (_key, { jobRunId }) => {
      shards += 1;
      if (shards > 1) return undefined;
      dead.resolve(jobRunId);
      await wakes.promise;
      return undefined;
    };
    const first = call();
    await goSilent(database.admin, await dead.promise);
    const second = await call();
    expect(second.status).toBe('succeeded');
    const document = await toy.drive.document(second.run_id);
    expect(statesOf(document)).toEqual([
      'toy.split succeeded',
      'toy.split[a] succeeded',
      'toy.split[c] succeeded',
      'toy.split[large] succeeded',
    ]);
    expect(jobOf(document, 'toy.split', 1).attempts.map(({ status }) => status)).toEqual([
      'superseded',
      'succeeded',
    ]);
    // Were it only frozen: nothing of it is committed.
    wakes.resolve();
    expect(await first).toEqual(second);
    expect(await effects(database.admin)).toEqual(each);
  });

  test('while the first is at work does what nobody is at, and fails: Lambda looks again', async () => {
    const call = calls();
    const begun = Promise.withResolvers<void>();
    const goes = Promise.withResolvers<void>();
    toy.behaviour.meanwhile = async (key) => {
      if (key !== 'a') return undefined;
      begun.resolve();
      await goes.promise;
      return undefined;
    };
    const first = call();
    await begun.promise;
    await expect(call()).rejects.toMatchObject({ name: 'RetryableError', code: 'JOB_NOT_DONE' });
    expect(await effects(database.admin)).toEqual(each.filter((effect) => effect !== 'toy.split a done'));
    goes.resolve();
    expect(await first).toMatchObject({ status: 'succeeded' });
    expect(await call()).toMatchObject({ status: 'succeeded' });
    expect(await effects(database.admin)).toEqual(each);
  });
});

test('a split whose commit was never heard of is gone on with', async () => {
  const inner = database.connect('cuadre_jobs');
  let commits = 0;
  const work: Database = {
    ...inner,
    transaction: async (...of) => {
      const result = await inner.transaction(...of);
      commits += 1;
      if (commits === 1) throw new LostError('the answer never came', { code: 'COMMIT_UNKNOWN' });
      return result;
    },
  };
  expect(await calls()(work)).toMatchObject({ status: 'succeeded', report: { shards_succeeded: 3 } });
  expect(await effects(database.admin)).toEqual(each);
});
