import { beforeAll, describe, expect, test } from 'vitest';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { createEffects } from '../../support/toy.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, runToys, seal } from './trail.ts';

/** Tables of which no row ever changes or goes, with a column to change. */
const history: Readonly<Record<string, string>> = {
  'canon.claim_status_history': 'changed_by',
  'canon.identity_link_undos': 'reason',
  'canon.milestone_achievements': 'achieved_date',
  'ops.alert_history': 'changed_by',
  'ops.audit_sealed_entries': 'digest',
  'ops.audit_seals': 'digest',
  'ops.audit_verifications': 'findings',
  'ops.check_thresholds': 'threshold',
  'ops.check_values': 'value',
  'ops.decisions': 'decision',
  'ops.metric_snapshots': 'value',
  'ops.operator_actions': 'operator',
  'ops.recorded_states': 'state',
  'ops.upload_rejects': 'rule',
  'ops.uploads': 'inserted',
  'ops.yango_payment_status_ledger': 'is_paid',
};

/** Tables of which no role empties everything at once, and no row that is over changes. */
const kept = [
  'canon.cabinet_milestones',
  'ops.alert_rules',
  'ops.alerts',
  'ops.attempts',
  'ops.job_runs',
  'ops.partner_payment_rules',
  'ops.runs',
  'ops.scout_payment_rules',
];

const refused =
  /append-only|is history|keeps every row|is over|what it did|add a version|cannot truncate a table referenced/;

describe.each(versions)('history on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  let runId: string;

  beforeAll(async () => {
    await createEffects(database.admin);
    runId = await runToys(database, '2026-03-01', { fails: true });
    // A row in each: a statement that finds none is refused by no trigger of a row.
    await database.admin.sql`select ops.verify_audit(null, 'test', false)`;
    await database.admin.script(`
      insert into ops.operator_actions (operator, action, subject, reason) values ('somebody', 'PAUSE', 'x', 'x');
      insert into canon.claim_status_history (claim_id, to_status, changed_by) values (999999999, 'expected', 'x');
      insert into canon.identity_link_undos (source_table, source_pk, person_key, link, undone_by, reason)
        values ('t', '1', '00000000-0000-4000-8000-000000000001', '{}', 'x', 'x');
      insert into ops.check_thresholds (name, threshold, valid_from, reason) values ('x', 1, '2026-01-01', 'x');
      insert into ops.check_values (job_run_id, as_of, name, subject, level, unit, outcome, examples)
        select job_run_id, '2026-01-01', 'x', 'x', 'I', 'n', 'INFORMED', '[]' from ops.job_runs limit 1;
      insert into ops.metric_snapshots (as_of, metric, subject, value, job_run_id)
        select '2026-01-01', 'x', 'x', 1, job_run_id from ops.job_runs limit 1;
      insert into ops.alerts (type, subject, severity, alert_rule_id, threshold, message, details, opened_as_of, last_as_of, job_run_id)
        select 'X', 'x', 'info', (select min(alert_rule_id) from ops.alert_rules), 1, 'x', '{}', '2026-01-01', '2026-01-01', job_run_id
        from ops.job_runs limit 1`);
    await seal(database.admin);
  });

  test.each(Object.entries(history))(
    'of %s can be added to and nothing else, by whomever',
    async (table, column) => {
      const forged = [
        `update ${table} set ${column} = ${column}`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ];
      for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] satisfies Role[]) {
        for (const statement of forged) {
          const attempt = database.connect(role).script(`begin read write; ${statement}; commit`);
          await expect(attempt, `${role}: ${statement}`).rejects.toThrow(/permission denied/);
        }
      }
      for (const owner of ['', 'set role cuadre_owner; ']) {
        for (const statement of forged) {
          await expect(database.admin.script(`${owner}${statement}`), statement).rejects.toThrow(refused);
        }
      }
    },
  );

  test.each(kept)('%s is never emptied', async (table) => {
    for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] satisfies Role[]) {
      const attempt = database.connect(role).script(`begin read write; truncate ${table} cascade; commit`);
      await expect(attempt, role).rejects.toThrow('permission denied');
    }
    await expect(database.admin.script(`truncate ${table} cascade`)).rejects.toThrow(refused);
  });

  test.each([
    ['an attempt that ended', `update ops.attempts set error = '{}'`],
    ['an attempt', 'delete from ops.attempts'],
    ['a job run that succeeded', `update ops.job_runs set report = '{}' where status = 'succeeded'`],
    [
      'a job run that succeeded, to do it again',
      `update ops.job_runs set status = 'queued', finished_at = null where status = 'succeeded'`,
    ],
    ['what a failed job run says', `update ops.job_runs set error = '{}' where status = 'failed'`],
    ['a job run', `delete from ops.job_runs where status <> 'skipped'`],
    ['a run that is over', `update ops.runs set findings = 7`],
    ['how it ended', `update ops.runs set status = 'succeeded', error = null`],
    [
      'what it was for, on taking it up again',
      `update ops.runs set status = 'running', error = null, finished_at = null, as_of = '2026-01-01'`,
    ],
    ['a run', 'delete from ops.runs'],
  ])('%s stays', async (_what, statement) => {
    for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] satisfies Role[]) {
      const attempt = database.connect(role).script(`begin read write; ${statement}; commit`);
      await expect(attempt, role).rejects.toThrow('permission denied');
    }
    await expect(database.admin.script(statement)).rejects.toThrow(refused);
  });

  test('a run that is over is taken up again by somebody, or not at all', async () => {
    const again = `update ops.runs set status = 'running', error = null, finished_at = null where run_id = '${runId}'`;
    await expect(database.admin.script(`begin; ${again}; commit`)).rejects.toThrow(
      /without a row in ops.operator_actions/,
    );
    await database.admin.script('rollback');
    expect(await ask(database.admin, `select status from ops.runs where run_id = '${runId}'`)).toEqual([
      'failed',
    ]);
    await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
    expect(await ask(database.admin, `select status from ops.runs where run_id = '${runId}'`)).toEqual([
      'running',
    ]);
    await database.admin.sql`select ops.cancel_run(${runId}::uuid, 'somebody', 'enough')`;
    expect(await findings(database.admin)).toEqual([]);
  });

  test('of a rule that may still be changed, each state is recorded', async () => {
    await database.admin.script(`
      insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from) values (901, 'cabinet', 14, 5, 10, '2030-01-01');
      update ops.scout_payment_rules set amount = 12 where id = 901;
      update ops.scout_payment_rules set amount = 12 where id = 901;
      delete from ops.scout_payment_rules where id = 901`);
    expect(
      await ask(
        database.admin,
        `select change, state ->> 'amount', changed_by from ops.recorded_states where source = 'ops.scout_payment_rules' and key = '901' order by state_id`,
      ),
    ).toEqual(['added | 10.00 | postgres', 'changed | 12.00 | postgres', 'removed | 12.00 | postgres']);
    expect(await findings(database.admin)).toEqual([]);
  });
});
