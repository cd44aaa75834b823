import { beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { oldest, ownDatabase, type TestDatabase } from '../../support/database.ts';
import { FakeNotifier } from '../../support/notifier.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const type = 'TRIPS_NO_CLAIM_PERSISTENT';

describe.each(oldest)('what people are told on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  let sns: FakeNotifier;
  beforeEach(async () => {
    sns = new FakeNotifier();
    database = await ownDatabase({ version });
    await givenRules(database.admin);
    // A lead with a trip and without an event; every other rule is switched off.
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 }, event: null }]);
    await database.admin.script(
      `select ops.change_alert_rule(type, '-infinity', '{"enabled": false}') from ops.alert_rules where type <> '${type}'`,
    );
  });
  const evaluate = async (asOf: string) => {
    const ran = await runJob(database, alertEvaluation, { asOf });
    expect(ran.error).toBeNull();
    return ran;
  };
  const publish = (request: Record<string, unknown> = {}) =>
    runJob(
      database,
      alertPublicationJob(() => sns),
      { asOf: '2026-01-13', ...request },
    );
  const night = async (asOf: string) => {
    await evaluate(asOf);
    return publish({ asOf });
  };
  const acknowledge = () =>
    database.admin.script(`select ops.acknowledge_alert(alert_id, 'ana') from ops.alerts`);
  const repair = () =>
    database.admin.script(`
      insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
      values ('module_ct_cabinet_leads', '1', '2026-01-05', '00000000-0000-4000-8000-000000000001', '{"origin_tag": "cabinet"}')`);
  const publications = () =>
    ask(database.admin, 'select event, message_id from ops.alert_publications order by publication_id');

  test('every change that concerns them, once, and nothing of the days between', async () => {
    await night('2026-01-10');
    expect(sns.told).toEqual([`opened ${type} warning`]);
    await night('2026-01-11');
    await night('2026-01-11');
    expect(sns.told).toHaveLength(1);
    await night('2026-01-12');
    expect(sns.told.slice(1)).toEqual([`escalated ${type} error`]);
    await night('2026-01-13');
    await repair();
    await night('2026-01-14');
    await night('2026-01-15');
    expect(sns.told.slice(2)).toEqual([`resolved ${type} error`]);
    expect(await publications()).toEqual([
      'opened | message-1',
      'escalated | message-5',
      'resolved | message-8',
    ]);
  });

  test('that somebody saw it is no news, that it is worse than what was seen is', async () => {
    await night('2026-01-10');
    await acknowledge();
    await night('2026-01-11');
    expect(sns.told).toEqual([`opened ${type} warning`]);
    await night('2026-01-12');
    expect(sns.told.slice(1)).toEqual([`reopened ${type} error`]);
    await acknowledge();
    await repair();
    await night('2026-01-13');
    expect(sns.told.slice(2)).toEqual([`resolved ${type} error`]);
  });

  test('that it is less bad than before is no news', async () => {
    for (const asOf of ['2026-01-10', '2026-01-11', '2026-01-12']) await night(asOf);
    await database.admin.script(
      `select ops.change_alert_rule('${type}', '2026-01-13', '{"persistent_days": 30}')`,
    );
    await night('2026-01-13');
    expect(await ask(database.admin, 'select severity from ops.alerts')).toEqual(['warning']);
    expect(sns.told).toEqual([`opened ${type} warning`, `escalated ${type} error`]);
  });

  test('a dry run says what it would tell, and tells nobody', async () => {
    await evaluate('2026-01-10');
    const dry = await publish({ dryRun: true });
    expect(sns.taken).toEqual([]);
    expect(dry.report).toEqual({ sent: 0, would_be_sent: 1, probe_sent: false });
    expect(dry.decisions).toMatchObject([
      { subject: type, decision: 'WOULD_BE_SENT', reason: 'OPENED', detail: 'warning' },
    ]);
    expect(await ask(database.admin, 'select 1 from ops.alert_probes')).toEqual([]);
    const ran = await publish();
    expect(ran.report).toEqual({ sent: 1, would_be_sent: 0, probe_sent: true });
    expect(ran.decisions.map(({ subject, decision }) => [subject, decision])).toEqual([
      [type, 'SENT'],
      ['ALERT_PATH_PROBE', 'SENT'],
    ]);
  });

  test('the message says what, how bad, why, what to do, as of when, and where to look', async () => {
    await night('2026-01-10');
    const [message] = sns.taken;
    const [run] = await ask(
      database.admin,
      "select run_id from ops.job_runs where job = 'cabinet.alert-evaluation'",
    );
    expect(message?.subject).toBe(`[advertencia] alerta nueva: ${type}: 1 > 0`);
    expect(message?.attributes).toEqual({
      type,
      severity: 'warning',
      pipeline: 'cabinet-daily',
      event: 'opened',
      dedup_key: 'alert-1-1',
    });
    expect(message?.body).toBe(
      [
        `[advertencia] alerta nueva: ${type}: 1 > 0`,
        '',
        'Causa: Hay leads con viajes y sin reclamo: puede hacer falta otra corrida del job o revisar los casos.',
        'Acción: Volver a ejecutar cabinet.claims-reconcile o revisar los casos uno por uno.',
        '',
        `Tipo: ${type}`,
        'Sobre: cabinet',
        'Severidad: warning',
        'Valor: 1',
        'Umbral: > 0 (versión 1)',
        'Fecha de negocio: 2026-01-10',
        `Corrida: ${run}`,
        '',
        'Ver las alertas: GET /api/v1/ops/alerts?acknowledged=false',
        'Marcarla como vista: POST /api/v1/ops/alerts/1/acknowledge',
        `Ver la corrida: GET /api/v1/runs/${run}`,
        '',
        'Clave: alert-1-1',
      ].join('\n'),
    );
  });

  test('a night that was not told is told by the next one, the older first', async () => {
    await evaluate('2026-01-10');
    await evaluate('2026-01-11');
    await evaluate('2026-01-12');
    await publish();
    expect(sns.told).toEqual([`opened ${type} warning`, `escalated ${type} error`]);
  });

  test('an evaluation that does not commit leaves nothing to tell', async () => {
    await evaluate('2026-01-10');
    const undone = database.admin.transaction(async (sql) => {
      await sql.script("update ops.alerts set severity = 'critical'");
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await publications()).toEqual(['opened | -']);
  });

  test.each([
    ["update ops.alert_publications set event = 'resolved'", /keeps every row/],
    ["update ops.alert_publications set message_id = 'another'", /was noted before/],
    ['update ops.alert_publications set sent_at = null, message_id = null', /was noted before/],
    ['delete from ops.alert_publications', /keeps every row/],
    ['delete from ops.alert_probes', /keeps every row/],
    ["update ops.alert_probes set created_at = '2020-01-01'", /keeps every row/],
    ["update ops.alert_probes set sent_at = '2020-01-01'", /was noted before/],
  ])('nobody does: %s', async (statement, message) => {
    await night('2026-01-10');
    await expect(database.admin.script(statement)).rejects.toThrow(message);
  });

  test('the jobs cannot make up what is to be told', async () => {
    await evaluate('2026-01-10');
    const jobs = database.connect('cuadre_jobs');
    for (const statement of [
      "insert into ops.alert_publications (history_id, event) values (1, 'opened')",
      "update ops.alert_publications set event = 'resolved'",
      'delete from ops.alert_publications',
    ]) {
      await expect(jobs.script(statement)).rejects.toThrow('permission denied');
    }
  });
});
