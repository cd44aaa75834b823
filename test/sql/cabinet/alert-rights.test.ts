import { beforeAll, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import type { Database } from '../../../functions/core/database.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

describe.each(versions)('rights on alerts on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const as = new Map<Role, Database>();
  beforeAll(async () => {
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 }, event: null }]);
    await runJob(database, alertEvaluation, { asOf: '2026-01-10' });
    for (const role of ['postgres', 'cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const) {
      as.set(role, database.connect(role));
    }
  });
  const everything = async () => [
    ...(await ask(database.admin, 'select * from ops.alerts order by alert_id')),
    ...(await ask(database.admin, 'select * from ops.alert_history order by history_id')),
    ...(await ask(database.admin, 'select * from ops.metric_snapshots order by snapshot_id')),
    ...(await ask(database.admin, 'select * from ops.alert_rules order by alert_rule_id')),
  ];
  const denied = /permission denied|read-only/;

  test.each<[Role, string, RegExp]>([
    ['cuadre_jobs', "update ops.alerts set acknowledged_by = 'job', acknowledged_at = now()", denied],
    ['cuadre_jobs', "update ops.alerts set status = 'acknowledged'", /check constraint/],
    ['cuadre_jobs', "update ops.alerts set status = 'resolved'", /check constraint/],
    ['cuadre_jobs', "update ops.alerts set type = 'OTHER'", denied],
    ['cuadre_jobs', 'delete from ops.alerts', denied],
    ['cuadre_jobs', 'update ops.metric_snapshots set value = 0', denied],
    ['cuadre_jobs', 'delete from ops.metric_snapshots', denied],
    ['cuadre_jobs', 'delete from ops.alert_history', denied],
    ['cuadre_jobs', 'insert into ops.alert_history (alert_id) values (1)', denied],
    ['cuadre_jobs', "update ops.alert_rules set valid_to = '2030-01-01'", denied],
    ['cuadre_jobs', "select ops.acknowledge_alert(1, 'job')", denied],
    ['cuadre_jobs', "select ops.change_alert_rule('GAPS_TOTAL', '2026-02-01', '{}')", denied],
    ['cuadre_operator', "update ops.alerts set status = 'resolved'", denied],
    ['cuadre_operator', 'delete from ops.alerts', denied],
    ['cuadre_operator', 'update ops.alert_rules set threshold = 0', denied],
    ['cuadre_reader', "select ops.acknowledge_alert(1, 'reader')", denied],
    ['cuadre_reader', "select ops.change_alert_rule('GAPS_TOTAL', '2026-02-01', '{}')", denied],
    ['cuadre_reader', 'delete from ops.alerts', denied],
    ['postgres', 'update ops.metric_snapshots set value = 0', /keeps every row/],
    ['postgres', 'delete from ops.metric_snapshots', /keeps every row/],
    ['postgres', "update ops.alert_history set changed_by = 'nobody'", /keeps every row/],
    ['postgres', 'delete from ops.alert_history', /keeps every row/],
    ['postgres', 'delete from ops.alerts', /keeps every row/],
    ['postgres', "update ops.alerts set opened_as_of = '2026-01-01'", /never changes/],
    ['postgres', "update ops.alerts set subject = 'else'", /never changes/],
  ])('%s cannot: %s', async (role, statement, message) => {
    const before = await everything();
    await expect(as.get(role)?.script(statement)).rejects.toThrow(message);
    expect(await everything()).toEqual(before);
  });

  test('an operator sees alerts, says so once, and changes a threshold', async () => {
    const operator = as.get('cuadre_operator') ?? database.admin;
    expect((await ask(operator, 'select type from ops.v_alerts')).length).toBeGreaterThan(0);
    await operator.script("select ops.acknowledge_alert(alert_id, 'ana') from ops.alerts");
    const once = await everything();
    await operator.script("select ops.acknowledge_alert(alert_id, 'eva') from ops.alerts");
    expect(await everything()).toEqual(once);
    expect(await ask(operator, 'select distinct status, acknowledged_by from ops.alerts')).toEqual([
      'acknowledged | ana',
    ]);
    await operator.script(`select ops.change_alert_rule('GAPS_TOTAL', '2026-02-01', '{"threshold": 60}')`);
    expect(
      await ask(
        operator,
        "select version, created_by from ops.alert_rules where type = 'GAPS_TOTAL' order by 1",
      ),
    ).toEqual(['1 | cuadre_owner', '2 | cuadre_operator']);
  });

  test('one that is resolved can still be seen, and nothing else', async () => {
    await database.admin.script('truncate public.module_ct_cabinet_leads');
    await runJob(database, alertEvaluation, { asOf: '2026-01-11' });
    const resolved = await ask(
      database.admin,
      "select alert_id from ops.alerts where status = 'resolved' and acknowledged_by is not null",
    );
    expect(resolved.length).toBeGreaterThan(0);
    await expect(
      as.get('postgres')?.script(`update ops.alerts set severity = 'info' where alert_id = ${resolved[0]}`),
    ).rejects.toThrow(/is resolved/);
  });
});
