import { beforeAll, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { oldest, testDatabase } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-20';

describe.each(oldest)('rules on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeAll(() => givenRules(database.admin));
  const given = (rows: string) =>
    database.admin.script(`${emptied}; set session_replication_role = origin; ${rows}`);
  /** `decision severity` of one rule in a dry run, which leaves nothing for the next case. */
  const judged = async (type: string, day = asOf) => {
    const { decisions } = await runJob(database, alertEvaluation, { asOf: day, dryRun: true });
    const found = decisions.find(({ subject }) => subject === type || subject.startsWith(`${type}/`));
    return [found?.decision, found?.decision === 'TRIGGERED' ? found.detail : found?.reason]
      .filter(Boolean)
      .join(' ');
  };

  describe.each([
    [
      'RAW_LEADS_STALE',
      (day: string) =>
        `insert into public.module_ct_cabinet_leads (id, lead_created_at) values (floor(random() * 1000000), '${day} 23:59')`,
    ],
    [
      'RAW_TRIPS_STALE',
      (day: string) =>
        `insert into canon.driver_day_trips (driver_id, trip_date, trips) values ('d', '${day}', 0)`,
    ],
    [
      'RAW_PAYMENTS_STALE',
      (day: string) =>
        `insert into public.module_ct_cabinet_payments (id, date) values (floor(random() * 1000000), '${day}')`,
    ],
  ])('%s', (type, row) => {
    test.each([
      ['2026-01-20', 'QUIET'],
      ['2026-01-18', 'QUIET'],
      ['2026-01-17', 'TRIGGERED warning'],
      ['2026-01-15', 'TRIGGERED warning'],
      ['2026-01-14', 'TRIGGERED error'],
      // What is dated after the business date says nothing of the feed as of then.
      ['2026-01-21', 'NOT_EVALUATED NO_VALUE'],
    ])('newest row of %s: %s', async (day, verdict) => {
      await given(row(day));
      expect(await judged(type)).toBe(verdict);
    });

    test('a row of the future does not hide that the feed has stopped', async () => {
      await given(`${row('2026-01-14')}; ${row('2026-02-01').replace("'d'", "'e'")}`);
      expect(await judged(type)).toBe('TRIGGERED error');
    });
  });

  test.each([
    ['2026-01-20', 'QUIET'],
    ['2026-01-19', 'QUIET'],
    ['2026-01-18', 'TRIGGERED warning'],
    ['2026-01-21', 'QUIET'],
  ])('MV_STALE: refreshed last as of %s: %s', async (day, verdict) => {
    await given('truncate ops.mv_refresh_log');
    await runJob(database, mvRefresh, { asOf: day });
    expect(await judged('MV_STALE')).toBe(verdict);
  });

  test('MV_STALE: a refresh by hand counts for the day it was made on, a failed one not at all', async () => {
    const log = (status: string, finished: string) => `
      insert into ops.mv_refresh_log (schema_name, mv_name, status, mode, refresh_started_at, refresh_finished_at, duration_ms, rows_after_refresh, error_code)
      select 'ops', matviewname, '${status}', 'concurrently', '${finished}', '${finished}', 1,
             ${status === 'OK' ? '1, null' : "null, '57014'"}
      from pg_matviews where schemaname = 'ops';`;
    // 23:59 in Lima.
    await given(
      `truncate ops.mv_refresh_log; ${log('OK', '2026-01-20T04:59:00Z')} ${log('ERROR', '2026-01-20T12:00:00Z')}`,
    );
    expect([await judged('MV_STALE', '2026-01-20'), await judged('MV_STALE', '2026-01-21')]).toEqual([
      'QUIET',
      'TRIGGERED warning',
    ]);
    await given('truncate ops.mv_refresh_log');
    expect(await judged('MV_STALE')).toBe('NOT_EVALUATED NO_VALUE');
  });

  test.each([
    [9, 10, 'QUIET'],
    [89, 100, 'TRIGGERED warning'],
    [7, 10, 'TRIGGERED warning'],
    [69, 100, 'TRIGGERED error'],
    [0, 0, 'NOT_EVALUATED NO_VALUE'],
  ])('PCT_WITH_SCOUT: %i of %i drivers with a scout: %s', async (scouts, drivers, verdict) => {
    await given(`
      insert into canon.identity_registry (person_key) select lpad(to_hex(n), 32, '0')::uuid from generate_series(1, ${drivers}) n;
      insert into canon.identity_links (person_key, source_table, source_pk, linked_at)
        select lpad(to_hex(n), 32, '0')::uuid, 'drivers', 'd' || n, '2026-01-01' from generate_series(1, ${drivers}) n;
      insert into canon.driver_day_trips (driver_id, trip_date, trips) select 'd' || n, '2026-01-10', 1 from generate_series(1, ${drivers}) n;
      insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
        select 'module_ct_cabinet_leads', n::text, '2026-01-10', lpad(to_hex(n), 32, '0')::uuid, '{"origin_tag": "cabinet"}' from generate_series(1, ${drivers}) n;
      insert into observational.lead_ledger (person_key, attributed_source, attributed_scout_id, attribution_rule, decision_status)
        select lpad(to_hex(n), 32, '0')::uuid, 'cabinet', 7, 'U', 'assigned' from generate_series(1, ${scouts}) n`);
    await runJob(database, mvRefresh, { asOf });
    expect(await judged('PCT_WITH_SCOUT')).toBe(verdict);
  });

  test('PCT_WITH_SCOUT: a view that was never filled is no figure, and takes no other with it', async () => {
    await given('refresh materialized view ops.mv_yango_cabinet_cobranza_enriched_14d with no data');
    expect(await judged('PCT_WITH_SCOUT')).toBe('NOT_EVALUATED NO_VALUE');
    expect(await judged('LIMBO_NO_IDENTITY_THRESHOLD')).toBe('QUIET');
  });

  describe('leads that wait', () => {
    const cases: readonly [string, string, number | null, boolean, string, string][] = [
      // lead of, who it is, with an event, 24 hours, 7 days
      ['today, nobody', '2026-01-20', null, true, 'QUIET', 'QUIET'],
      ['yesterday, nobody', '2026-01-19', null, true, 'TRIGGERED info', 'QUIET'],
      ['6 days ago, nobody', '2026-01-14', null, true, 'TRIGGERED info', 'QUIET'],
      ['7 days ago, nobody', '2026-01-13', null, true, 'QUIET', 'TRIGGERED warning'],
      ['6 days ago, somebody without event', '2026-01-14', 1, false, 'QUIET', 'QUIET'],
      ['7 days ago, somebody without event', '2026-01-13', 1, false, 'QUIET', 'TRIGGERED warning'],
      ['7 days ago, somebody with event', '2026-01-13', 1, true, 'QUIET', 'QUIET'],
      ['tomorrow, nobody', '2026-01-21', null, true, 'QUIET', 'QUIET'],
    ];
    test.each(cases)('%s', async (_what, date, person, event, day, week) => {
      await given('');
      await givenLeads(database.admin, [{ id: 1, date, person, ...(event ? {} : { event: null }) }]);
      expect([await judged('IDENTITY_GAP_24H'), await judged('IDENTITY_GAP_7D')]).toEqual([day, week]);
      expect(await judged('IDENTITY_ORIGIN_INCONSISTENT')).toBe('QUIET');
    });

    test('an event that names another channel', async () => {
      await given('');
      await givenLeads(database.admin, [{ id: 1, date: asOf, event: { origin: 'fleet_migration' } }]);
      expect(await judged('IDENTITY_ORIGIN_INCONSISTENT')).toBe('TRIGGERED warning');
    });
  });

  test.each([
    ['2026-01-05', '2025-12-29', 'W01 looks at the week before, which is its own year’s first'],
    ['2027-01-04', '2026-12-28', 'after a year of 53 weeks: the week before W01 is W53'],
    ['2027-01-03', '2026-12-21', 'a Sunday of W53 in January looks at W52'],
  ])('on %s the last whole week is that of %s: %s', async (day, monday) => {
    await given(`
      insert into public.module_ct_cabinet_leads (id, lead_created_at)
      select n, date '${monday}' + n - 1 from generate_series(0, 8) n`);
    expect(
      await ask(
        database.admin,
        "select value from ops.v_cabinet_metrics where metric = 'last_week_leads'",
        day,
      ),
    ).toEqual(['7']);
  });
});
