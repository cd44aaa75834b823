import { beforeEach, describe, expect, test } from 'vitest';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { ownDatabase, type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const mv = 'ops.mv_yango_cabinet_cobranza_enriched_14d';
/** Refreshed in every test too; cobranza-totals.test.ts and limbo-kept.test.ts are about them. */
const totals = 'ops.mv_cabinet_cobranza_totals';
const limbo = 'ops.mv_cabinet_limbo';
const limboTotals = 'ops.mv_cabinet_limbo_totals';
const others = [totals, limbo, limboTotals];
const asOf = '2026-01-13';
const oneDriver = [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }];

describe.each(versions)('cabinet.mv-refresh on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await ownDatabase({ version });
    await givenRules(database.admin);
    await givenLeads(database.admin, oneDriver);
  });
  const log = () =>
    ask(
      database.admin,
      `select mv_name, status, mode, mode_reason, as_of, rows_after_refresh, error_code
       from ops.mv_refresh_log where mv_name like 'mv_yango%' order by id`,
    );
  const told = async (request: Record<string, unknown> = {}) => {
    const { decisions } = await runJob(database, mvRefresh, { asOf, ...request });
    return decisions
      .filter(({ subject }) => !others.includes(subject))
      .map(({ subject, decision, reason }) => [subject, decision, reason]);
  };
  const rows = () => ask(database.admin, `select driver_id, amount_due_yango from ${mv} order by driver_id`);

  test('fills the view once, and from then on without making readers wait', async () => {
    expect(await told({ dryRun: true })).toEqual([[mv, 'WOULD_REFRESH', 'NOT_POPULATED']]);
    expect(await log()).toEqual([]);
    expect(await told()).toEqual([[mv, 'REFRESHED', 'NOT_POPULATED']]);
    expect(await rows()).toEqual(['d1 | 60.00']);
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-06', trips: { 0: 1 } }]);
    expect(await told({ dryRun: true })).toEqual([[mv, 'WOULD_REFRESH', null]]);
    expect(await told()).toEqual([[mv, 'REFRESHED', null]]);
    expect(await rows()).toEqual(['d1 | 60.00', 'd2 | 25.00']);
    expect(await log()).toEqual([
      'mv_yango_cabinet_cobranza_enriched_14d | OK | plain | NOT_POPULATED | 2026-01-13 | 1 | -',
      'mv_yango_cabinet_cobranza_enriched_14d | OK | concurrently | - | 2026-01-13 | 2 | -',
    ]);
  });

  test('on unchanged data writes no row of the view anew', async () => {
    await told();
    await told();
    const versionsOf = () => ask(database.admin, `select xmin, ctid from ${mv}`);
    const before = await versionsOf();
    await told();
    expect(await versionsOf()).toEqual(before);
  });

  test('as of a day holds nothing of the days after it', async () => {
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-09', trips: { 0: 1 } }]);
    await told({ asOf: '2026-01-08' });
    expect(await rows()).toEqual(['d1 | 60.00']);
    await told();
    expect(await rows()).toEqual(['d1 | 60.00', 'd2 | 25.00']);
  });

  test.each([
    [
      'without its unique index',
      'drop index ops.idx_mv_cobranza_enriched_driver_id_unique',
      'NO_UNIQUE_INDEX',
    ],
    [
      'with a unique index over part of the rows',
      `drop index ops.idx_mv_cobranza_enriched_driver_id_unique;
       create unique index only_some on ${mv} (driver_id) where amount_due_yango > 0`,
      'NO_UNIQUE_INDEX',
    ],
    [
      'with a unique index over an expression',
      `drop index ops.idx_mv_cobranza_enriched_driver_id_unique;
       create unique index an_expression on ${mv} (upper(driver_id))`,
      'NO_UNIQUE_INDEX',
    ],
    [
      'with its unique index half built',
      `update pg_index set indisvalid = false where indexrelid = 'ops.idx_mv_cobranza_enriched_driver_id_unique'::regclass`,
      'INDEX_INVALID',
    ],
  ])('%s refreshes plainly, and says why', async (_how, damage, reason) => {
    await told();
    await database.admin.script(damage);
    expect(await told()).toEqual([[mv, 'REFRESHED', reason]]);
    expect(await rows()).toEqual(['d1 | 60.00']);
  });

  test('each after those that it reads, through whatever views; those behind a failed one are skipped', async () => {
    await database.admin.script(`
      set role cuadre_owner;
      create materialized view ops.mv_b_base as select driver_id, 1 / (amount_due_yango <> 25)::integer as n from ${mv} with no data;
      create view ops.v_between as select * from ops.mv_b_base;
      create materialized view canon.mv_a_top as select driver_id from ops.v_between with no data;
      create unique index on ops.mv_b_base (driver_id);`);
    const inOrder = [mv, 'ops.mv_b_base', 'canon.mv_a_top'];
    expect(await told({ dryRun: true })).toEqual(
      inOrder.map((name) => [name, 'WOULD_REFRESH', 'NOT_POPULATED']),
    );
    expect((await told()).map(([name, decision]) => [name, decision])).toEqual(
      inOrder.map((name) => [name, 'REFRESHED']),
    );
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-06', trips: { 0: 1 } }]);
    const ran = await runJob(database, mvRefresh, { asOf });
    expect(
      ran.decisions.map(({ subject, decision, reason, detail }) => [subject, decision, reason, detail]),
    ).toEqual([
      [limbo, 'REFRESHED', null, null],
      [mv, 'REFRESHED', null, null],
      ['ops.mv_b_base', 'FAILED', '22012', 'division by zero'],
      [totals, 'REFRESHED', null, null],
      [limboTotals, 'REFRESHED', null, null],
      ['canon.mv_a_top', 'SKIPPED', 'NEEDED_VIEW_NOT_REFRESHED', 'ops.mv_b_base'],
    ]);
    expect(ran).toMatchObject({
      status: 'succeeded',
      findings: 2,
      report: { refreshed: 4, failed: 1, skipped: 1 },
    });
    expect(await ask(database.admin, 'select driver_id from canon.mv_a_top')).toEqual(['d1']);
    expect(await told({ mvName: 'ops.mv_b_base' })).toEqual([['ops.mv_b_base', 'FAILED', '22012']]);
  });

  test('counts failures in a row, given-up runs among them, and starts again at a success', async () => {
    const health = () =>
      ask(
        database.admin,
        `select status_bucket, stale, last_status, last_error, consecutive_failures, rows_after_refresh
         from ops.v_mv_health where mv_name like 'mv_yango%'`,
      );
    expect(await health()).toEqual(['NO_REFRESH | true | - | - | 0 | -']);
    await told();
    expect(await health()).toEqual(['OK | false | OK | - | 0 | 1']);
    // Two scouts of one id make two rows of a driver: the duplicate key fails the refresh and the old rows stay.
    await database.admin.script(`
      alter table public.module_ct_scouts_list drop constraint module_ct_scouts_list_pkey;
      insert into public.module_ct_scouts_list (scout_id, name) values (7, 'a'), (7, 'b');
      insert into observational.lead_ledger (person_key, attributed_scout_id)
      values ('00000000-0000-4000-8000-000000000001', 7)`);
    expect((await told())[0]?.[1]).toBe('FAILED');
    expect((await told())[0]?.[1]).toBe('FAILED');
    expect(await health()).toEqual([
      expect.stringMatching(/^OK \| false \| ERROR \| .*duplicate.* \| 2 \| 1$/),
    ]);
    expect(await rows()).toEqual(['d1 | 60.00']);
    const failuresInARow = async () => (await health())[0]?.split(' | ').at(-2);
    const misnamed = await runJob(database, mvRefresh, { asOf, mvName: 'ops.no_such_view' });
    expect(misnamed).toMatchObject({ status: 'failed', error: { code: 'INVALID_INPUT' } });
    expect(await failuresInARow()).toBe('2');
    await database.admin.script(
      `set session_replication_role = replica;
       update ops.job_runs set error = '{"code": "55P03"}' where error ->> 'code' = 'INVALID_INPUT'; reset session_replication_role`,
    );
    expect(await failuresInARow()).toBe('3');
    await database.admin.script(`delete from public.module_ct_scouts_list where name = 'b'`);
    expect((await told())[0]?.[1]).toBe('REFRESHED');
    expect(await health()).toEqual(['OK | false | OK | - | 0 | 1']);
  });

  test.each([
    ['23 hours', 'OK | false'],
    ['25 hours', 'WARN | true'],
    ['47 hours', 'WARN | true'],
    ['49 hours', 'CRIT | true'],
  ])('a view last refreshed %s ago is %s', async (age, expected) => {
    await told();
    await database.admin.script(
      `update ops.mv_refresh_log set refresh_finished_at = now() - interval '${age}'`,
    );
    expect(await ask(database.admin, 'select distinct status_bucket, stale from ops.v_mv_health')).toEqual([
      expected,
    ]);
  });
});

describe('who may refresh', () => {
  const database = testDatabase();

  test.each([
    ['cuadre_jobs', `refresh materialized view ${mv}`, '42501'],
    [
      'cuadre_jobs',
      `insert into ops.mv_refresh_log (schema_name, mv_name, status, mode, refresh_started_at, refresh_finished_at, duration_ms, rows_after_refresh)
      values ('ops', 'x', 'OK', 'concurrently', now(), now(), 0, 1)`,
      '42501',
    ],
    ['cuadre_jobs', 'update ops.mv_refresh_log set rows_after_refresh = 0', '42501'],
    ['cuadre_jobs', `select driver_name from ${mv}`, '42501'],
    ['cuadre_jobs', 'select park_phone from ops.v_cabinet_leads_limbo', '42501'],
    ['cuadre_jobs', 'select lead_name from ops.mv_cabinet_limbo', '42501'],
    ['cuadre_jobs', 'select park_phone from ops.v_cabinet_limbo_kept', '42501'],
    ['cuadre_operator', 'select lead_id from ops.mv_cabinet_limbo', '42501'],
    [
      'cuadre_reader',
      `select ops.refresh_materialized_view('ops', 'mv_yango_cabinet_cobranza_enriched_14d', null, null)`,
      '42501',
    ],
    [
      'cuadre_operator',
      `select ops.refresh_materialized_view('ops', 'mv_yango_cabinet_cobranza_enriched_14d', null, null)`,
      '42501',
    ],
    ['cuadre_jobs', `select ops.refresh_materialized_view('ops', 'runs', null, null)`, '42P01'],
    [
      'cuadre_jobs',
      `select ops.refresh_materialized_view('ops', 'x; drop table ops.runs', null, null)`,
      '42P01',
    ],
  ] as const)('%s cannot: %s', async (role, statement, code) => {
    await expect(database.connect(role).script(statement)).rejects.toMatchObject({ code });
  });
});
