import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { ownDatabase, type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const asOf = '2026-01-20';

describe.each(versions)('thresholds on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await ownDatabase({ version });
  });
  /** Leads of one day, the last of them without identity, the others with a person and no driver. */
  const leads = (count: number, withoutIdentity: number) =>
    database.admin.script(`
      insert into public.module_ct_cabinet_leads (id, lead_created_at) select n, '2026-01-02' from generate_series(1, ${count}) n;
      insert into canon.identity_registry (person_key)
        select lpad(to_hex(n), 32, '0')::uuid from generate_series(1, ${count - withoutIdentity}) n;
      insert into canon.identity_links (person_key, source_table, source_pk, linked_at)
        select lpad(to_hex(n), 32, '0')::uuid, 'module_ct_cabinet_leads', n::text, now() from generate_series(1, ${count - withoutIdentity}) n`);
  /** A figure of an earlier day, under a run of its own. */
  const snapshot = async (metric: string, day: string, value: number) => {
    await runJob(database, alertEvaluation, { asOf: day, dryRun: true });
    await database.admin.script(`
      insert into ops.metric_snapshots (as_of, metric, subject, value, job_run_id)
      select '${day}', '${metric}', 'cabinet', ${value}, job_run_id from ops.job_runs limit 1`);
  };
  const evaluated = async (type: string, day = asOf) => {
    const { decisions } = await runJob(database, alertEvaluation, { asOf: day });
    const found = decisions.find(({ subject }) => subject === type);
    return [found?.decision, found?.reason, found?.detail];
  };
  const change = (type: string, from: string, changes: object) =>
    database.admin.script(`select ops.change_alert_rule('${type}', '${from}', '${JSON.stringify(changes)}')`);

  test.each([
    [100, 'QUIET'],
    [101, 'TRIGGERED'],
  ])('%i leads without identity against 100: %s', async (count, decision) => {
    await leads(1000, count);
    expect((await evaluated('LIMBO_NO_IDENTITY_THRESHOLD'))[0]).toBe(decision);
  });

  test.each([
    // 80.00 % is not below 80; 79.996 % is rounded to it first; 79.99 % is.
    [1000, 200, 'QUIET'],
    [25_000, 5001, 'QUIET'],
    [10_000, 2001, 'TRIGGERED'],
  ])('%i leads, %i of them without identity, against 80.0 percent: %s', async (count, without, decision) => {
    await leads(count, without);
    expect((await evaluated('PCT_WITH_IDENTITY_THRESHOLD'))[0]).toBe(decision);
  });

  test('growth is held against the newest snapshot of 7 to 13 days before', async () => {
    await leads(111, 110);
    // Each on a day far from the others': how many days before it, the value then, and the verdict on the 110 of now.
    const cases: readonly [asOf: string, daysBefore: number, value: number, decision: string][] = [
      ['2026-02-15', 7, 100, 'QUIET'],
      ['2026-03-15', 7, 99, 'TRIGGERED'],
      ['2026-04-15', 13, 99, 'TRIGGERED'],
      ['2026-05-15', 14, 99, 'NOT_EVALUATED'],
      ['2026-06-15', 6, 99, 'NOT_EVALUATED'],
      ['2026-07-15', 7, 0, 'TRIGGERED'],
      ['2026-08-15', 7, 500, 'QUIET'],
    ];
    const found: string[] = [];
    for (const [day, daysBefore, value] of cases) {
      const then = new Date(Date.parse(day) - daysBefore * 86_400_000).toISOString().slice(0, 10);
      await snapshot('limbo_no_identity', then, value);
      await snapshot('limbo_trips_no_claim', then, 0);
      found.push((await evaluated('NO_IDENTITY_WEEKLY_GROWTH', day))[0] ?? '');
    }
    expect(found).toEqual(cases.map(([, , , decision]) => decision));
    // From none to none is no growth.
    expect((await evaluated('TRIPS_NO_CLAIM_WEEKLY_GROWTH', '2026-08-15'))[0]).toBe('QUIET');
  });

  test('of two values of the day a week ago the later counts', async () => {
    await leads(112, 111);
    await snapshot('limbo_no_identity', '2026-01-13', 50);
    await snapshot('limbo_no_identity', '2026-01-13', 110);
    expect((await evaluated('NO_IDENTITY_WEEKLY_GROWTH'))[0]).toBe('QUIET');
  });

  test('a second threshold makes it worse', async () => {
    await leads(500, 201);
    await change('LIMBO_NO_IDENTITY_THRESHOLD', asOf, {
      escalated_severity: 'critical',
      escalated_threshold: 201,
    });
    expect(await evaluated('LIMBO_NO_IDENTITY_THRESHOLD')).toEqual(['TRIGGERED', 'OPENED', 'warning']);
    await change('LIMBO_NO_IDENTITY_THRESHOLD', asOf, { escalated_threshold: 200 });
    expect(await evaluated('LIMBO_NO_IDENTITY_THRESHOLD')).toEqual(['TRIGGERED', 'UPDATED', 'critical']);
  });

  test('each day is judged by the version in force on it, which the decision names', async () => {
    await leads(500, 150);
    await change('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-21', { threshold: 200 });
    expect(await evaluated('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-20')).toEqual([
      'TRIGGERED',
      'OPENED',
      'warning',
    ]);
    const { decisions } = await runJob(database, alertEvaluation, { asOf: '2026-01-21' });
    expect(decisions.find(({ subject }) => subject === 'LIMBO_NO_IDENTITY_THRESHOLD')).toMatchObject({
      decision: 'QUIET',
      reason: 'RESOLVED',
      evidence: { current: '150', threshold: '200', rule_version: 2 },
    });
    expect(
      await ask(
        database.admin,
        `select version, threshold, valid_from, valid_to, cause = first_value(cause) over (order by version) as same_cause
         from ops.alert_rules where type = 'LIMBO_NO_IDENTITY_THRESHOLD' order by version`,
      ),
    ).toEqual(['1 | 100 | -infinity | 2026-01-21 | true', '2 | 200 | 2026-01-21 | - | true']);
  });

  test('one that is switched off resolves its alert and raises no other', async () => {
    await leads(500, 150);
    await evaluated('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-20');
    await change('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-21', { enabled: false });
    expect(await evaluated('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-21')).toEqual([
      'NOT_EVALUATED',
      'RULE_DISABLED',
      'RESOLVED',
    ]);
    expect(await evaluated('LIMBO_NO_IDENTITY_THRESHOLD', '2026-01-22')).toEqual([
      'NOT_EVALUATED',
      'RULE_DISABLED',
      null,
    ]);
  });
});

describe.each(versions)('a version of a threshold on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const first = "type = 'GAPS_TOTAL' and version = 1";
  beforeAll(() =>
    database.admin.script(`select ops.change_alert_rule('GAPS_TOTAL', '2026-02-01', '{"threshold": 60}')`),
  );
  test.each([
    ['a closed version', `update ops.alert_rules set threshold = 1 where ${first}`, /add a version/],
    ['its dates', `update ops.alert_rules set valid_to = '2027-01-01' where ${first}`, /add a version/],
    ['the open version', 'update ops.alert_rules set threshold = 1 where valid_to is null', /add a version/],
    ['by deleting', `delete from ops.alert_rules where ${first}`, /add a version/],
    [
      'by closing by hand',
      "update ops.alert_rules set valid_to = '2027-01-01' where valid_to is null",
      /add a version/,
    ],
    [
      'into the past',
      "select ops.change_alert_rule('GAPS_TOTAL', '2026-01-31', '{}')",
      /in force since 2026-02-01/,
    ],
    [
      'what it measures',
      `select ops.change_alert_rule('GAPS_TOTAL', '2026-03-01', '{"metric": "gaps_open"}')`,
      /cannot change metric/,
    ],
    ['what is not there', "select ops.change_alert_rule('NOTHING', '2026-03-01', '{}')", /no alert of type/],
    [
      'to an escalation that is milder',
      `select ops.change_alert_rule('GAPS_TOTAL', '2026-03-01', '{"escalated_severity": "info"}')`,
      /check constraint/,
    ],
  ])('nobody changes %s, not even the owner', async (_what, statement, message) => {
    await expect(database.admin.script(`set role cuadre_owner; ${statement}`)).rejects.toThrow(message);
  });
});
