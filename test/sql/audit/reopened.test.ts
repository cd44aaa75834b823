import { beforeAll, describe, expect, test } from 'vitest';
import { sweepRuns } from '../../../functions/core/ledger.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { workOff } from '../../support/many.ts';
import { createEffects, nextDate, services } from '../../support/toy.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, runToys, seal, tamper } from './trail.ts';

/** Runs that somebody opens past the triggers, for what is under way may change. */
describe.each(versions)('a run that was over, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => createEffects(database.admin));

  const sealedRun = async (how: { fails?: boolean } = {}) => {
    const runId = await runToys(database, nextDate(), how);
    await seal(database.admin);
    return runId;
  };
  const jobRun = async (runId: string, job: string) =>
    (
      await ask(
        database.admin,
        `select job_run_id from ops.job_runs where run_id = '${runId}' and job = '${job}'`,
      )
    )[0] ?? '';
  const opened = (runId: string) =>
    `update ops.runs set status = 'running', error = null, finished_at = null where run_id = '${runId}';`;
  const reported = (runId: string) =>
    `update ops.job_runs set report = '{"claims_inserted": 9999}' where run_id = '${runId}' and job = 'toy.first';`;
  const action = (runId: string | null, name: string) =>
    `insert into ops.operator_actions (operator, action, run_id, subject, reason)
     values ('somebody', '${name}', ${runId === null ? 'null' : `'${runId}'`}, 'a schedule', 'because');`;
  /** The sweeper closes what has nothing left to do, with the triggers on. */
  const swept = async () => {
    await sweepRuns(database.connect('cuadre_jobs').sql, 5);
  };
  /** What is found of it that was not before, and is not after; with the row of the run alone, told short. */
  const found = async (runId: string, statement: string, then = async () => {}) => {
    const before = await findings(database.admin);
    await tamper(database.admin, statement);
    await then();
    const names = await ask(
      database.admin,
      `select job_run_id || ' ' || job from ops.job_runs where run_id = '${runId}'`,
    );
    const told = (line: string) =>
      names.reduce(
        (text, name) => text.replace(name.slice(0, 36), name.slice(37)),
        line.replace(runId, 'run'),
      );
    return (await findings(database.admin)).filter((line) => !before.includes(line)).map(told);
  };

  test('and whose report was altered is found while it is open, and after the sweeper closed it', async () => {
    const runId = await sealedRun();
    const tampered = ['ALTERED ops.job_runs toy.first', 'REOPENED ops.runs run'];
    expect(await found(runId, opened(runId) + reported(runId))).toEqual(tampered);
    await swept();
    expect(await ask(database.admin, `select status from ops.runs where run_id = '${runId}'`)).toEqual([
      'succeeded',
    ]);
    const seen = await findings(database.admin);
    expect(seen).toContain(`ALTERED ops.job_runs ${await jobRun(runId, 'toy.first')}`);
    expect(seen).toContain(`REOPENED ops.runs ${runId}`);
    await seal(database.admin);
    expect(await findings(database.admin)).toEqual(seen);
  });

  test.each([
    ['paused a schedule', () => action(null, 'PAUSE')],
    ['cancelled this one', (runId: string) => action(runId, 'CANCEL')],
    ['is recorded to have taken this one up, which had succeeded', (runId: string) => action(runId, 'RETRY')],
  ])('is found to be open again although somebody %s since', async (_what, acted) => {
    const runId = await sealedRun();
    await database.admin.script(acted(runId));
    const both = ['ALTERED ops.runs run', 'REOPENED ops.runs run'];
    expect(
      await found(runId, `${opened(runId)} update ops.runs set code_version = 'x' where run_id = '${runId}'`),
    ).toEqual(both);
  });

  test('failed, and was taken up by somebody once is not opened on the strength of that a second time', async () => {
    const runId = await sealedRun({ fails: true });
    await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    await database.admin.sql`select ops.cancel_run(${runId}::uuid, 'somebody', 'enough')`;
    expect(await found(runId, opened(runId))).toEqual(['REOPENED ops.runs run']);
    expect(
      await found(
        runId,
        `update ops.job_runs set error = '{"code": "OTHER"}' where run_id = '${runId}' and job = 'toy.second'`,
        swept,
      ),
    ).toEqual(['ALTERED ops.job_runs toy.second']);
  });

  test('and is under way again by somebody still says what it said of the jobs that had succeeded', async () => {
    const runId = await sealedRun({ fails: true });
    await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    expect(await findings(database.admin)).not.toContain(`REOPENED ops.runs ${runId}`);
    const altered = ['ALTERED ops.job_runs toy.first'];
    expect(await found(runId, reported(runId))).toEqual(altered);
    await database.admin.sql`select ops.cancel_run(${runId}::uuid, 'somebody', 'enough')`;
    expect(await findings(database.admin)).toContain(
      `ALTERED ops.job_runs ${await jobRun(runId, 'toy.first')}`,
    );
  });

  test('and is under way again by somebody is still of the same date, and its failed job has the same input', async () => {
    const runId = await sealedRun({ fails: true });
    await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    expect(
      await found(
        runId,
        `update ops.runs set as_of = '2020-01-01' where run_id = '${runId}';
         update ops.job_runs set input = '{"note": "other"}' where run_id = '${runId}' and job = 'toy.second'`,
      ),
    ).toEqual(['ALTERED ops.job_runs toy.second', 'ALTERED ops.runs run']);
  });

  test('keeps its job runs also from who takes away only the trigger that keeps them', async () => {
    const runId = await sealedRun();
    const gone = await jobRun(runId, 'toy.alert');
    await database.admin.transaction(async (sql) => {
      await sql.script(`
        alter table ops.attempts disable trigger user; alter table ops.decisions disable trigger user;
        delete from ops.heartbeats where job_run_id = '${gone}';
        delete from ops.attempts where job_run_id = '${gone}'; delete from ops.decisions where job_run_id = '${gone}';
        alter table ops.attempts enable trigger user; alter table ops.decisions enable trigger user;
        alter table ops.job_runs disable trigger keep_rows; delete from ops.job_runs where job_run_id = '${gone}';
        alter table ops.job_runs enable trigger keep_rows`);
    });
    expect(await findings(database.admin)).toContain(`REMOVED ops.job_runs ${gone}`);
  });

  test('is refused to whoever takes it up with an action that is not about it', async () => {
    const [runId, other] = [await sealedRun({ fails: true }), await sealedRun({ fails: true })];
    for (const acted of [action(null, 'PAUSE'), action(other, 'RETRY'), action(runId, 'CANCEL')]) {
      await expect(database.admin.script(`begin; ${opened(runId)} ${acted} commit`)).rejects.toThrow(
        `run ${runId} was over and is taken up again without a row in ops.operator_actions`,
      );
      await database.admin.script('rollback');
    }
  });

  test('failed, and is taken up again as it should be is not reported', async () => {
    const before = await findings(database.admin);
    const runId = await sealedRun({ fails: true });
    const again = () => database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    await again();
    expect(await findings(database.admin)).toEqual(before);
    await database.admin.sql`select ops.cancel_run(${runId}::uuid, 'somebody', 'enough')`;
    await again();
    const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
    await workOff(to, database.admin, runId);
    expect(await ask(database.admin, `select status from ops.runs where run_id = '${runId}'`)).toEqual([
      'succeeded',
    ]);
    expect(await findings(database.admin)).toEqual(before);
  });
});
