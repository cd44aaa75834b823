import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import type { Sql } from '../../functions/core/database.ts';
import { type Begun, beginAttempt } from '../../functions/core/ledger.ts';
import { cancelRun } from '../../functions/core/operations.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { testDatabase, versions } from '../support/database.ts';
import { untilWaiting } from '../support/locks.ts';
import { createEffects, goSilent, nextDate, startToy } from '../support/toy.ts';

/** Whoever waits for a row judges it by what is so when it has it, and not by what was so when it asked. */
describe.each(versions)('a job run that two are after at once, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => createEffects(database.admin));

  const begin = (sql: Sql, jobRunId: string, ofVersion = 1): Promise<Begun> =>
    beginAttempt(sql, { jobRunId, version: ofVersion, caller: 'sqs', requestId: 'r', codeVersion: 'test' });
  /** Taken up by a worker that then gave no sign of life. */
  const silent = async () => {
    const run = await startToy(database.admin, nextDate());
    await begin(database.admin.sql, run.jobRunId);
    await goSilent(database.admin, run.jobRunId);
    return run;
  };
  const state = z.strictObject({ state: z.string() });
  const attemptsOf = async (jobRunId: string) =>
    (
      await database.admin.sql(state)`
        select concat_ws(' ', j.status, a.attempt, a.status) as state
        from ops.job_runs j left join ops.attempts a using (job_run_id)
        where job_run_id = ${jobRunId}::uuid order by a.attempt`
    ).map((row) => row.state);

  test('is taken over by one delivery of its message, and the other finds it alive', async () => {
    const { jobRunId } = await silent();
    const [one, other] = [database.connect('cuadre_jobs'), database.connect('cuadre_jobs')];
    const late = await one.transaction(async (sql) => {
      expect(await begin(sql, jobRunId)).toMatchObject({ verdict: 'STARTED', attempt: 2 });
      const waits = begin(other.sql, jobRunId);
      await untilWaiting(database.admin);
      return { waits };
    });
    expect(await late.waits).toMatchObject({ verdict: 'ALIVE' });
    expect(await attemptsOf(jobRunId)).toEqual(['running 1 superseded', 'running 2 running']);
  });

  test('is left to the worker that took it over while the sweeper was looking', async () => {
    const { jobRunId } = await silent();
    const [worker, sweeper] = [database.connect('cuadre_jobs'), database.connect('cuadre_jobs')];
    onTestFinished(() =>
      database.admin.script(
        `create or replace function ops.lease() returns interval language sql immutable parallel safe return interval '30 seconds'`,
      ),
    );
    // A sweeper that has its snapshot and not yet its locks.
    await database.admin.script(`
      create or replace function ops.lease() returns interval language plpgsql volatile as $$
      begin
        if current_setting('cuadre.looking', true) = 'on' then perform pg_advisory_xact_lock_shared(33); end if;
        return interval '30 seconds';
      end $$`);
    const swept = await worker.transaction(async (sql) => {
      await sql`select pg_advisory_xact_lock(33)`;
      const sweeping = sweeper.transaction((other) => other`select ops.sweep(${MAX_TRIES})`, {
        'cuadre.looking': 'on',
      });
      await untilWaiting(database.admin);
      expect(await begin(database.admin.sql, jobRunId)).toMatchObject({ verdict: 'STARTED', attempt: 2 });
      return { sweeping };
    });
    await swept.sweeping;
    expect(await attemptsOf(jobRunId)).toEqual(['running 1 superseded', 'running 2 running']);
  });

  test('is taken up although an attempt was left running, which ends with that', async () => {
    const { jobRunId } = await silent();
    await database.admin
      .sql`update ops.job_runs set status = 'queued', version = 2 where job_run_id = ${jobRunId}::uuid`;
    expect(await begin(database.admin.sql, jobRunId, 2)).toMatchObject({ verdict: 'STARTED', attempt: 2 });
    expect(await attemptsOf(jobRunId)).toEqual(['running 1 superseded', 'running 2 running']);
  });

  test('is ended with its attempt when it is taken up while a person cancels the run', async () => {
    const { runId } = await startToy(database.admin, nextDate());
    const [finisher, worker] = [database.connect('postgres'), database.connect('cuadre_jobs')];
    const operator = database.connect('cuadre_operator');
    const queued = z.strictObject({ id: z.guid() });
    const { id, cancelling } = await worker.transaction(async (working) => {
      const held = await finisher.transaction(async (sql) => {
        await sql`select from ops.runs where run_id = ${runId}::uuid for no key update`;
        const cancelling = cancelRun(operator.sql, runId, { operator: 'ana', reason: 'a test' });
        await untilWaiting(database.admin);
        // Queued after the cancellation has taken the job runs that there were.
        const [row] = await database.admin.sql(queued)`
          insert into ops.job_runs (run_id, job, input) values (${runId}::uuid, 'toy.second', '{}') returning job_run_id as id`;
        const { id } = row ?? expect.fail('nothing was queued');
        expect(await begin(working, id)).toMatchObject({ verdict: 'STARTED' });
        return { id, cancelling };
      });
      await untilWaiting(database.admin);
      return held;
    });
    await cancelling;
    expect(await attemptsOf(id)).toEqual(['failed 1 superseded']);
  });
});
