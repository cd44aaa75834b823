import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { validation } from '../../../functions/cabinet/validation.ts';
import { sqlDirectory, testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const AS_OF = '2026-01-13';
const evidence = z.looseObject({ level: z.string(), threshold: z.string().nullable() });

describe.each(versions)('what a validation keeps on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  let ran: Ran;
  let again: Ran;
  beforeAll(async () => {
    ran = await runJob(database, validation, { asOf: AS_OF });
    again = await runJob(database, validation, { asOf: AS_OF });
  });
  const kept = (run: Ran) =>
    ask(
      database.admin,
      `select as_of, name, subject, level, unit, comparison, threshold, value, outcome, examples from ops.check_values
       where job_run_id = '${run.job_run_id}' and unit <> 'ms' order by check_value_id`,
    );
  const keptOf = (run: Ran, name: string) =>
    ask(
      database.admin,
      `select level, comparison, threshold, value, outcome from ops.check_values where job_run_id = '${run.job_run_id}' and name = '${name}'`,
    );

  test('each check that is listed, passed or not, with the threshold in force', async () => {
    const listed = await ask(database.admin, 'select name from ops.v_cabinet_check_list order by place');
    const names = await ask(
      database.admin,
      `select name from ops.check_values where job_run_id = '${ran.job_run_id}' and unit <> 'ms' group by name order by min(check_value_id)`,
    );
    expect(names).toEqual(listed);
    expect(ran.decisions.map(({ subject }) => subject)).toEqual(listed);
    expect(await keptOf(ran, 'limbo_week')).toEqual(['H | at_most | 0 | 0 | PASSED']);
    expect(await keptOf(ran, 'limbo_leads')).toEqual(['I | - | - | 849 | INFORMED']);
    expect(await keptOf(ran, 'scout_coverage')).toEqual(['H | at_least | 70 | - | NOT_EVALUATED']);
    expect(await keptOf(ran, 'mv_as_of')).toEqual(['W | at_most | 0 | 2 | WARNING']);
  });

  test('the same on unchanged data, report and decisions too', async () => {
    expect(await kept(again)).toEqual(await kept(ran));
    expect(again.decisions).toEqual(ran.decisions);
    expect(again.report).toEqual(ran.report);
  });

  test('its counters are counts of its decisions, and nothing fails by not having been asked', async () => {
    const count = (outcome: string) => ran.decisions.filter(({ decision }) => decision === outcome).length;
    expect(ran.report).toMatchObject({
      passed: count('PASSED'),
      warnings: count('WARNING'),
      failed: 0,
      informed: count('INFORMED'),
      not_evaluated: count('NOT_EVALUATED'),
      all_passed: true,
    });
    expect(count('NOT_EVALUATED')).toBeGreaterThan(5);
    expect(ran.findings).toBe(0);
  });

  test('nothing of a dry run', async () => {
    const dry = await runJob(database, validation, { asOf: AS_OF, dryRun: true });
    expect(dry.report).toEqual(ran.report);
    expect(await kept(dry)).toEqual([]);
  });

  test('for good: neither a job nor anybody else changes or removes a value', async () => {
    for (const statement of ['update ops.check_values set value = 0', 'delete from ops.check_values']) {
      await expect(database.connect('cuadre_jobs').script(statement)).rejects.toThrow(/permission denied/);
      await expect(database.admin.script(statement)).rejects.toThrow(/keeps every row as it was written/);
    }
  });

  test('against the threshold that an operator set, from its date on and no earlier', async () => {
    const operator = database.connect('cuadre_operator');
    const change = (name: string, threshold: number, from: string) => operator.sql`
      select ops.change_check_threshold(${name}, ${threshold}::numeric, ${from}::date, 'acordado con cobranza')`;
    await expect(change('limbo_stages', 1, AS_OF)).rejects.toThrow(
      /there is no check limbo_stages with a threshold/,
    );
    await change('scout_claims_coverage', 99.5, AS_OF);
    await change('trips_complete', 5000, AS_OF);
    const outcome = async (asOf: string, name: string) => {
      const judged = await runJob(database, validation, { asOf, dryRun: true });
      const found = judged.decisions.find(({ subject }) => subject === name);
      return [found?.decision, evidence.parse(found?.evidence).threshold];
    };
    expect(await outcome('2026-01-12', 'scout_claims_coverage')).toEqual([expect.any(String), '80']);
    expect(await outcome(AS_OF, 'scout_claims_coverage')).toEqual(['NOT_EVALUATED', '99.5']);
    expect(await outcome(AS_OF, 'trips_complete')).toEqual(['PASSED', '5000']);
    await expect(operator.script('delete from ops.check_thresholds')).rejects.toThrow(/permission denied/);
    await expect(database.admin.script('update ops.check_thresholds set threshold = 1')).rejects.toThrow(
      /keeps every row/,
    );
  });

  test('each line of the list has its file and each file its line', async () => {
    const files = readdirSync(join(sqlDirectory, 'cabinet/checks'), {
      recursive: true,
      encoding: 'utf8',
    }).flatMap((path) => /check_cabinet_(\w+)\.sql$/.exec(path)?.[1] ?? []);
    const listed = await ask(database.admin, `select name from ops.v_cabinet_check_list where kind <> 'run'`);
    expect(listed.toSorted()).toEqual(files.toSorted());
    const missing = await ask(
      database.admin,
      `select name from ops.v_cabinet_check_list
       where case kind when 'run' then to_regprocedure('ops.cabinet_' || name || '(uuid)') is null
                       when 'rule' then to_regproc('ops.check_cabinet_' || name) is null
                       when 'class' then to_regproc('ops.check_cabinet_' || name) is null
                       else to_regclass('ops.check_cabinet_' || name) is null end`,
    );
    expect(missing).toEqual([]);
  });
});
