import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { testDatabase, versions } from '../support/database.ts';
import { jobOf } from '../support/drive.ts';
import { splitting } from '../support/splitting.ts';
import { goSilent, nextDate } from '../support/toy.ts';

const status = z.strictObject({ status: z.string() });

/** A worker whose connection is gone between its last statement and its commit leaves its rows locked for up to a minute. */
describe.each(versions)('a sweep past what somebody holds, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const toy = splitting(database);
  let dead: { job_run_id: string };

  beforeEach(async () => {
    const runId = await toy.drive.start(nextDate());
    dead = jobOf(await toy.drive.document(runId), 'toy.split');
    await begin(dead.job_run_id);
    await goSilent(database.admin, dead.job_run_id);
    toy.drive.waiting.length = 0;
  });

  const begin = (jobRunId: string) =>
    database.admin.sql`select ops.begin_attempt(${jobRunId}::uuid, 1, 'sqs', 'w', 'test')`;

  /** While the rows that `lock` takes are held, a sweep finds the dead worker's job all the same. */
  async function sweptWhile(lock: string): Promise<void> {
    const [holder, sweeper] = [database.connect('postgres'), database.connect('cuadre_jobs')];
    await holder.transaction(async (sql) => {
      await sql.script(lock);
      await sweeper.transaction((other) => other`select ops.sweep(${MAX_TRIES})`, { lock_timeout: '2s' });
      const now = await database.admin.sql(status)`
        select status from ops.job_runs where job_run_id = ${dead.job_run_id}::uuid`;
      expect(now).toEqual([{ status: 'queued' }]);
    });
  }

  test('leaves a run for the next minute', async () => {
    const runId = await toy.drive.start(nextDate());
    await sweptWhile(`select from ops.runs where run_id = '${runId}' for no key update`);
  });

  test('leaves a job whose shards are joined for the next minute', async () => {
    const runId = await toy.split();
    const { job_run_id } = jobOf(await toy.drive.document(runId), 'toy.split');
    await sweptWhile(`select from ops.job_runs where job_run_id = '${job_run_id}' for no key update`);
  });

  test('leaves a pipeline whose slots are being given for the next minute', async () => {
    const runId = await toy.drive.start(nextDate());
    const { job_run_id, job } = jobOf(await toy.drive.document(runId), 'toy.split');
    await database.admin.sql`
      insert into ops.waiting_job_runs (job_run_id, pipeline, job, job_limit) values (${job_run_id}::uuid, 'toy-shards', ${job}, 9)`;
    await sweptWhile(`select pg_advisory_xact_lock(hashtextextended('ops.release toy-shards', 0))`);
    expect(jobOf(await toy.drive.document(runId), 'toy.split').waiting).toBe(true);
    await database.admin.sql`select ops.sweep(${MAX_TRIES})`;
    expect(jobOf(await toy.drive.document(runId), 'toy.split').waiting).toBe(false);
  });

  test('leaves a run whose caller seems gone, and is settling it, for the next minute', async () => {
    const runId = await toy.drive.start(nextDate(), { inline: true });
    const { job_run_id } = jobOf(await toy.drive.document(runId), 'toy.split');
    await begin(job_run_id);
    await goSilent(database.admin, job_run_id);
    await database.admin
      .sql`update ops.runs set created_at = created_at - interval '1 minute' where run_id = ${runId}::uuid`;
    await sweptWhile(`select from ops.job_runs where job_run_id = '${job_run_id}' for no key update`);
    await database.admin.sql`select ops.sweep(${MAX_TRIES})`;
    expect(jobOf(await toy.drive.document(runId), 'toy.split')).toMatchObject({
      status: 'failed',
      error: { code: 'ABANDONED' },
    });
  });
});
