import { beforeAll, describe, expect, test } from 'vitest';
import { sealAndVerify } from '../../../functions/core/audit-seal.ts';
import type { Database } from '../../../functions/core/database.ts';
import { createLog } from '../../../functions/core/log.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { createEffects } from '../../support/toy.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, retryToys, runToys, seal, tamper } from './trail.ts';

/** Rows that nobody's work wrote, put where they look as old as what is around them. The schedule seals before it walks. */
describe.each(versions)('a row that is slipped in on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let jobs: Database;
  beforeAll(async () => {
    jobs = database.connect('cuadre_jobs');
    await createEffects(database.admin);
  });

  /** What the schedule does at 06:30. What the last walk wrote is in no seal yet; without it, the next one is due. */
  const night = async (): Promise<void> => {
    await tamper(database.admin, 'delete from ops.audit_verifications');
    const log = createLog({ write: () => {} });
    const work = { sql: jobs.sql, log, codeVersion: 'test', remaining: () => 900_000 };
    expect(await sealAndVerify(work, false)).toMatchObject({ verified: { findings: expect.any(Number) } });
  };
  const jobRun = async (runId: string, job: string) =>
    (
      await ask(
        database.admin,
        `select job_run_id from ops.job_runs where run_id = '${runId}' and job = '${job}'`,
      )
    )[0] ?? '';
  const decision = (jobRunId: string) =>
    `insert into ops.decisions (job_run_id, subject, decision, evidence) values ('${jobRunId}', 'lead:0', 'INSERTED', '{"amount": "9999.00"}')`;
  const checkValue = (jobRunId: string, subject = 'x') =>
    `insert into ops.check_values (job_run_id, as_of, name, subject, level, unit, outcome, examples)
     values ('${jobRunId}', '2026-01-01', 'x', '${subject}', 'I', 'n', 'INFORMED', '[]')`;
  const action = (ago: string) =>
    `insert into ops.operator_actions (operator, action, subject, reason, acted_at) values ('x', 'PAUSE', 'x', 'x', now() - interval '${ago}')`;

  /** What is found of it: in no seal yet, after the night that seals it, and after another. */
  async function found(statement: string): Promise<string[][]> {
    await night();
    const before = await findings(database.admin);
    await tamper(database.admin, statement);
    const seen: string[][] = [];
    for (const morning of [night, night, undefined]) {
      seen.push((await findings(database.admin)).filter((line) => !before.includes(line)));
      await morning?.();
    }
    return seen;
  }
  const each = (line: RegExp) => [1, 2, 3].map(() => [expect.stringMatching(line)]);

  test('among the decisions of a job run that is over is refused, whoever does it', async () => {
    const over = await jobRun(await runToys(database, '2026-03-01'), 'toy.first');
    const failed = await jobRun(await runToys(database, '2026-03-02', { fails: true }), 'toy.second');
    for (const { sql } of [jobs, database.admin]) {
      const add = (jobRunId: string) => sql`
        insert into ops.decisions (job_run_id, subject, decision) values (${jobRunId}::uuid, 'lead:0', 'INSERTED')`;
      await expect(add(over)).rejects.toThrow(`job run ${over} has succeeded: what it decided is complete`);
      await expect(add(failed)).rejects.toThrow(`job run ${failed} has failed: what it decided is complete`);
    }
    expect(await findings(database.admin)).toEqual([]);
  });

  test('into a job run whose end is sealed is found, and goes on being found once it is sealed itself', async () => {
    const runId = await runToys(database, '2026-03-03');
    const first = await jobRun(runId, 'toy.first');
    expect(await found(decision(first))).toEqual(each(/^INSERTED ops.decisions \d+$/));
    expect(await found(checkValue(first))).toEqual(each(/^INSERTED ops.check_values \d+$/));
  });

  test('into one that failed, too', async () => {
    const runId = await runToys(database, '2026-03-04', { fails: true });
    expect(await found(decision(await jobRun(runId, 'toy.second')))).toEqual(
      each(/^INSERTED ops.decisions /),
    );
  });

  test('into one that had succeeded before its run was taken up again, too', async () => {
    const runId = await runToys(database, '2026-03-05', { fails: true });
    await night();
    await retryToys(database, runId);
    // What the retry did stands in a later seal than how the run ended first, and is no finding.
    expect(await found(decision(await jobRun(runId, 'toy.first')))).toEqual(each(/^INSERTED ops.decisions /));
  });

  test('into one that had succeeded, while its run is under way again, too', async () => {
    const runId = await runToys(database, '2026-03-06', { fails: true });
    await night();
    await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    expect(await found(decision(await jobRun(runId, 'toy.first')))).toEqual(each(/^INSERTED ops.decisions /));
    await database.admin.sql`select ops.cancel_run(${runId}::uuid, 'somebody', 'enough')`;
  });

  test('with a moment long before the seal before its own is found; a little before, it is as it may be', async () => {
    await found(action('1 minute'));
    // The seals of this test are seconds apart: as if the last ones had been made hours ago.
    expect(await found(action('2 hours'))).toEqual(each(/^INSERTED ops.operator_actions \d+$/));
    expect(await found(action('30 minutes'))).toEqual([[], [], []]);
  });

  test('is not what a run has in a later seal than its end, when they were sealed in parts', async () => {
    await night();
    const before = await findings(database.admin);
    const runId = await runToys(database, '2026-03-07');
    const first = await jobRun(runId, 'toy.first');
    // As its own work would have, before the first seal; in which order entries are sealed is the planner's.
    await database.admin.script(
      Array.from({ length: 20 }, (_, each) => checkValue(first, `s${each}`)).join(';'),
    );
    for (let more = true; more; ) {
      ({ more } = await seal(jobs, { limit: 2 }));
      expect(await findings(database.admin)).toEqual(before);
    }
    const parts = await ask(
      database.admin,
      `select max(s.seal_no) > min(e.seal_no) from ops.check_values v
       join ops.audit_sealed_entries s on s.source = 'ops.check_values' and s.key = v.check_value_id::text
       join ops.recorded_states c on c.source = 'ops.job_runs' and c.key = v.job_run_id::text
       join ops.audit_sealed_entries e on e.source = 'ops.recorded_states' and e.key = c.state_id::text
       where v.job_run_id = '${first}'`,
    );
    expect(parts).toEqual(['true']);
    expect(await found(decision(first))).toEqual(each(/^INSERTED ops.decisions /));
  });
});
