import { beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { ownDatabase, type TestDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const type = 'TRIPS_NO_CLAIM_PERSISTENT';

describe.each(versions)('an alert on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await ownDatabase({ version });
    await givenRules(database.admin);
    // A lead with a trip and without an event: nobody calculates a payment for it.
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 }, event: null }]);
  });
  const evaluate = (asOf: string, dryRun = false) => runJob(database, alertEvaluation, { asOf, dryRun });
  /** What an evaluation said of the one type that these tests follow. */
  const told = async (asOf: string, dryRun = false) => {
    const { decisions } = await evaluate(asOf, dryRun);
    return decisions
      .filter(({ subject }) => subject === type)
      .map(({ decision, reason, detail }) => [decision, reason, detail])[0];
  };
  const alerts = () =>
    ask(
      database.admin,
      `select status, severity, value, opened_as_of, last_as_of, resolved_as_of from ops.alerts where type = '${type}' order by alert_id`,
    );
  const history = () =>
    ask(
      database.admin,
      `select event, h.severity, h.value, as_of, changed_by
       from ops.alert_history h join ops.alerts a using (alert_id) where type = '${type}' order by history_id`,
    );
  const repaired = () =>
    database.admin.script(`
      insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
      values ('module_ct_cabinet_leads', '1', '2026-01-05', '00000000-0000-4000-8000-000000000001', '{"origin_tag": "cabinet"}')`);
  const broken = () => database.admin.script('delete from observational.lead_events');
  const acknowledge = () =>
    database.admin.script(
      `select ops.acknowledge_alert(alert_id, 'ana') from ops.alerts where type = '${type}'`,
    );

  test('is one alert from day to day, each day a row of its history', async () => {
    expect(await told('2026-01-10')).toEqual(['TRIGGERED', 'OPENED', 'warning']);
    expect(await told('2026-01-11')).toEqual(['TRIGGERED', 'UPDATED', 'warning']);
    expect(await told('2026-01-11')).toEqual(['TRIGGERED', 'UNCHANGED', 'warning']);
    expect(await told('2026-01-12')).toEqual(['TRIGGERED', 'UPDATED', 'error']);
    expect(await alerts()).toEqual(['open | error | 1 | 2026-01-10 | 2026-01-12 | -']);
    expect(await history()).toEqual([
      'opened | warning | 1 | 2026-01-10 | cuadre_jobs',
      'updated | warning | 1 | 2026-01-11 | cuadre_jobs',
      'updated | error | 1 | 2026-01-12 | cuadre_jobs',
    ]);
  });

  test('says on how many of the last days it held', async () => {
    const days: (string | undefined)[] = [];
    for (const asOf of ['2026-01-10', '2026-01-11', '2026-01-12', '2026-01-13']) {
      await evaluate(asOf);
      days.push((await ask(database.admin, `select message from ops.alerts where type = '${type}'`))[0]);
    }
    expect(days).toEqual(['1', '2', '3', '3'].map((n) => `${type}: 1 > 0 (${n} de 3 días)`));
  });

  test('is persistent over the last snapshots, a night without a run between them or not', async () => {
    await evaluate('2026-01-08');
    await evaluate('2026-01-10');
    expect(await told('2026-01-13')).toEqual(['TRIGGERED', 'UPDATED', 'error']);
  });

  test('is resolved when the value returns, and is another alert when it comes back', async () => {
    await evaluate('2026-01-10');
    await evaluate('2026-01-11');
    await repaired();
    expect(await told('2026-01-12', true)).toEqual(['QUIET', 'WOULD_BE_RESOLVED', null]);
    expect(await told('2026-01-12')).toEqual(['QUIET', 'RESOLVED', null]);
    expect(await told('2026-01-12')).toEqual(['QUIET', null, null]);
    await broken();
    // Three days, but not in a row.
    expect(await told('2026-01-13')).toEqual(['TRIGGERED', 'OPENED', 'warning']);
    expect(await alerts()).toEqual([
      'resolved | warning | 1 | 2026-01-10 | 2026-01-11 | 2026-01-12',
      'open | warning | 1 | 2026-01-13 | 2026-01-13 | -',
    ]);
    expect((await history()).map((line) => line.split(' | ')[0])).toEqual([
      'opened',
      'updated',
      'resolved',
      'opened',
    ]);
  });

  test('stays acknowledged while it is as bad, and is open again when it is worse', async () => {
    await evaluate('2026-01-10');
    await acknowledge();
    expect(await told('2026-01-11')).toEqual(['TRIGGERED', 'UPDATED', 'warning']);
    expect(await alerts()).toEqual(['acknowledged | warning | 1 | 2026-01-10 | 2026-01-11 | -']);
    expect(await told('2026-01-12')).toEqual(['TRIGGERED', 'REOPENED', 'error']);
    expect(await alerts()).toEqual(['open | error | 1 | 2026-01-10 | 2026-01-12 | -']);
    expect(await history()).toEqual([
      'opened | warning | 1 | 2026-01-10 | cuadre_jobs',
      'acknowledged | warning | 1 | 2026-01-10 | ana',
      'updated | warning | 1 | 2026-01-11 | cuadre_jobs',
      'reopened | error | 1 | 2026-01-12 | cuadre_jobs',
    ]);
  });

  test('is left alone by a day that is run again later, whose figures are kept all the same', async () => {
    await evaluate('2026-01-10');
    await repaired();
    await evaluate('2026-01-13');
    await broken();
    const before = [...(await alerts()), ...(await history())];
    expect(before[0]).toMatch(/^resolved/);
    expect(await told('2026-01-12')).toEqual(['TRIGGERED', 'NEWER_DATE_EVALUATED', 'warning']);
    expect([...(await alerts()), ...(await history())]).toEqual(before);
    expect(
      await ask(
        database.admin,
        "select as_of, value from ops.v_metric_snapshots where metric = 'limbo_trips_no_claim' order by as_of",
      ),
    ).toEqual(['2026-01-10 | 1', '2026-01-12 | 1', '2026-01-13 | 0']);
  });

  test('follows what a second run of the day found, and both values are kept', async () => {
    await evaluate('2026-01-10');
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-06', trips: { 0: 1 }, event: null }]);
    expect(await told('2026-01-10')).toEqual(['TRIGGERED', 'UPDATED', 'warning']);
    expect(await alerts()).toEqual(['open | warning | 2 | 2026-01-10 | 2026-01-10 | -']);
    const kept = (relation: string) =>
      ask(database.admin, `select value from ${relation} where metric = 'limbo_trips_no_claim' order by 1`);
    expect(await kept('ops.metric_snapshots')).toEqual(['1', '2']);
    expect(await kept('ops.v_metric_snapshots')).toEqual(['2']);
  });

  test('sees nothing of the days after its own', async () => {
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-11', trips: { 0: 1 }, event: null }]);
    await evaluate('2026-01-10');
    expect(await alerts()).toEqual(['open | warning | 1 | 2026-01-10 | 2026-01-10 | -']);
  });

  test('is judged on nothing where there is nothing to measure', async () => {
    await database.admin.script('truncate public.module_ct_cabinet_leads, canon.driver_day_trips');
    const { decisions, report } = await evaluate('2026-01-10');
    expect(
      decisions
        .filter(({ decision }) => decision === 'NOT_EVALUATED')
        .map(({ subject, reason }) => [subject, reason]),
    ).toEqual([
      ['CAUSE_IDENTITY_MISMATCH', 'NO_VALUE'],
      ['CAUSE_INSUFFICIENT_TRIPS', 'NO_VALUE'],
      ['CAUSE_WINDOW_MISMATCH', 'NO_VALUE'],
      ['DRIVERS_WITH_GAP_PCT', 'NO_VALUE'],
      ['GAPS_AVERAGE_AGE', 'NO_VALUE'],
      ['GAPS_WEEKLY_GROWTH', 'NO_BASELINE'],
      ['MV_STALE/ops.mv_cabinet_cobranza_totals', 'NO_VALUE'],
      ['MV_STALE/ops.mv_cabinet_limbo', 'NO_VALUE'],
      ['MV_STALE/ops.mv_cabinet_limbo_totals', 'NO_VALUE'],
      ['MV_STALE/ops.mv_yango_cabinet_cobranza_enriched_14d', 'NO_VALUE'],
      ['NO_IDENTITY_WEEKLY_GROWTH', 'NO_BASELINE'],
      ['PCT_WITH_DRIVER_LAST_WEEK', 'NO_VALUE'],
      ['PCT_WITH_IDENTITY_LAST_WEEK', 'NO_VALUE'],
      ['PCT_WITH_IDENTITY_THRESHOLD', 'NO_VALUE'],
      ['PCT_WITH_SCOUT', 'NO_VALUE'],
      ['RAW_LEADS_STALE', 'NO_VALUE'],
      ['RAW_PAYMENTS_STALE', 'NO_VALUE'],
      ['RAW_TRIPS_STALE', 'NO_VALUE'],
      ['TRIPS_NO_CLAIM_WEEKLY_GROWTH', 'NO_BASELINE'],
    ]);
    expect(report).toMatchObject({ triggered: 0, has_alerts: false, alerts: [] });
  });

  test('of a view that is no longer there is resolved', async () => {
    await evaluate('2026-01-10');
    await database.admin.script(`
      insert into ops.alerts (type, subject, severity, alert_rule_id, threshold, message, details, opened_as_of, last_as_of, job_run_id)
      select 'MV_REFRESH_FAILING', 'ops.mv_gone', 'error', r.alert_rule_id, 3, '', '{}', '2026-01-10', '2026-01-10', j.job_run_id
      from ops.alert_rules r cross join ops.job_runs j where r.type = 'MV_REFRESH_FAILING'`);
    const { decisions } = await evaluate('2026-01-11');
    expect(decisions.find(({ subject }) => subject === 'MV_REFRESH_FAILING/ops.mv_gone')).toMatchObject({
      decision: 'NOT_EVALUATED',
      reason: 'NO_LONGER_MEASURED',
      detail: 'RESOLVED',
    });
  });
});
