import { beforeAll, describe, expect, test } from 'vitest';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { ownDatabase, type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const asOf = '2026-01-13';
const drivers = 'ops.mv_yango_cabinet_cobranza_enriched_14d';
const totals = 'ops.mv_cabinet_cobranza_totals';

const current = (database: TestDatabase) =>
  ask(database.admin, 'select ops.cabinet_cobranza_totals_current()');
const total = (database: TestDatabase) =>
  ask(
    database.admin,
    'select total_drivers, total_debt_yango from ops.cabinet_cobranza_summary(true, false, null, null, null, null, null, null, null)',
  );

describe.each(versions)('totals of the drivers on PostgreSQL %i', (version) => {
  describe('of the golden data', () => {
    const database = testDatabase({ version, golden: true });
    beforeAll(async () => {
      await runJob(database, tripsLoad, { asOf });
      await runJob(database, mvRefresh, { asOf });
    });

    test.each([
      ['by nothing', 'false, null, null, null, null, null, null, null'],
      ['by debt', 'true, null, null, null, null, null, null, null'],
      ['by least debt', 'false, 60.01, null, null, null, null, null, null'],
      ['by M1', `false, null, 'm1', null, null, null, null, null`],
      ['by M5', `false, null, 'm5', null, null, null, null, null`],
      ['by M25', `false, null, 'm25', null, null, null, null, null`],
      ['by scout', `false, null, null, (select min(scout_id) from ${drivers}), null, null, null, null`],
      ['by a scout whom nobody has', 'false, null, null, 999999999, null, null, null, null'],
      ['by quality', `false, null, null, null, 'MISSING', null, null, null`],
      ['by week', `false, null, null, null, null, (select max(week_start) from ${drivers}), null, null`],
      ['by weeks', `true, null, 'm1', null, null, null, '2025-12-01', '2025-12-31'`],
    ])('%s say what the drivers themselves say', async (_name, filter) => {
      const said = () =>
        ask(database.admin, `select to_jsonb(s) from ops.cabinet_cobranza_summary(true, ${filter}) s`);
      const weeks = () =>
        ask(
          database.admin,
          `select week_start, scout_quality_bucket, sum(drivers), sum(drivers_with_scout), sum(drivers_without_identity),
                  sum(amount_due_yango * drivers)
           from ops.cabinet_cobranza_totals(true, true, true, ${filter}) group by 1, 2 order by 1, 2`,
        );
      expect(await current(database)).toEqual(['true']);
      const kept = { said: await said(), weeks: await weeks() };
      // As if another run had refreshed the drivers since: the totals are then worked out from them.
      const logged = (by: string) =>
        database.admin.script(
          `update ops.mv_refresh_log set refresh_finished_at = now(), job_run_id = ${by}`,
        );
      const [run = ''] = await ask(database.admin, 'select distinct job_run_id from ops.mv_refresh_log');
      await logged('null');
      const workedOut = { current: await current(database), said: await said(), weeks: await weeks() };
      await logged(`'${run}'`);
      expect(workedOut).toEqual({ current: ['-'], ...kept });
    });

    test('are a small part of the drivers', async () => {
      const [counts] = await ask(
        database.admin,
        `select (select sum(drivers) from ${totals} where not of_scout and of_week and of_quality) = (select count(*) from ${drivers}),
                (select count(*) from ${totals} where not of_scout and of_week and of_quality) < (select count(*) from ${drivers}) / 2`,
      );
      expect(counts).toBe('true | true');
    });
  });

  test('are read only when the last refresh of the drivers was theirs too', async () => {
    const database = await ownDatabase({ version });
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
    await runJob(database, mvRefresh, { asOf });
    expect(await total(database)).toEqual(['1 | 60.00']);
    await givenLeads(database.admin, [{ id: 2, date: '2026-01-06', trips: { 0: 1 } }]);
    await runJob(database, mvRefresh, { asOf, mvName: drivers });
    expect([await current(database), await total(database)]).toEqual([['false'], ['2 | 85.00']]);
    await runJob(database, mvRefresh, { asOf, mvName: totals });
    expect([await current(database), await total(database)]).toEqual([['false'], ['2 | 85.00']]);
    await runJob(database, mvRefresh, { asOf });
    expect([await current(database), await total(database)]).toEqual([['true'], ['2 | 85.00']]);
  });

  test('are worked out while they have no rows yet', async () => {
    const database = await ownDatabase({ version });
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
    await runJob(database, mvRefresh, { asOf, mvName: drivers });
    expect(await total(database)).toEqual(['1 | 60.00']);
  });
});
