import { beforeEach, describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { type Role, type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-13';

/** `table | rows`, -1 where the planner knows nothing. */
const knownOf = (database: TestDatabase, tables: readonly string[]) =>
  ask(
    database.admin,
    `select t.name, c.reltuples from unnest(array[${tables.map((name) => `'${name}'`)}]) with ordinality t (name, place)
     join pg_class c on c.oid = t.name::regclass order by t.place`,
  );

describe.each(versions)('the figures that the planner goes by, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  // Autovacuum would do in its own time what is tested here; a truncated table has no figures.
  beforeEach(() =>
    database.admin.script(`${emptied}; alter table canon.driver_day_trips set (autovacuum_enabled = off)`),
  );

  const known = (...tables: string[]) => knownOf(database, tables);
  const given = (first: number, last: number, created = '2026-01-13') =>
    database.admin.script(`
      insert into public.summary_daily (driver_id, date_file, count_orders_completed, created_at)
      select 'd' || n, '05-01-2026', 1, '${created}' from generate_series(${first}, ${last}) n`);
  const load = (request: object = {}) => runJob(database, tripsLoad, { asOf, ...request });

  test('follow a first load of trips, and not a night that changes little of them', async () => {
    await given(1, 12_000);
    await load({ dryRun: true });
    expect(await known('canon.driver_day_trips')).toEqual(['canon.driver_day_trips | -1']);
    await load();
    expect(await known('canon.driver_day_trips', 'canon.trip_rejects')).toEqual([
      'canon.driver_day_trips | 12000',
      'canon.trip_rejects | -1',
    ]);
    await given(12_001, 21_999, '2026-01-14');
    await load();
    expect(await known('canon.driver_day_trips')).toEqual(['canon.driver_day_trips | 12000']);
    await given(22_000, 32_000, '2026-01-15');
    await load();
    expect(await known('canon.driver_day_trips')).toEqual(['canon.driver_day_trips | 32000']);
  });

  test('are left alone where less than a tenth changed', async () => {
    await given(1, 10_000);
    await load();
    await database.admin.script(
      `update pg_class set reltuples = 100010 where oid = 'canon.driver_day_trips'::regclass`,
    );
    await given(10_001, 20_000, '2026-01-14');
    await load();
    expect(await known('canon.driver_day_trips')).toEqual(['canon.driver_day_trips | 100010']);
  });

  test.each<Role>(['cuadre_operator', 'cuadre_reader'])('are not %s’s to make', async (role) => {
    const session = database.connect(role);
    await expect(session.script(`select ops.analyze_changed('canon.drivers_index', 10000)`)).rejects.toThrow(
      /permission denied/,
    );
  });
});

// A database of its own: a truncated table keeps the figures of the rows it had.
describe.each(versions)('the figures of persons, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test('follow the first leads: the index, the persons, their links and events', async () => {
    await database.admin.script(`
      insert into public.drivers (driver_id, park_id, full_name, phone)
      select 'd' || n, (select target_park_id from ops.cabinet_settings), 'Ana Cruz', 900000000 + n from generate_series(1, 10000) n;
      insert into public.module_ct_cabinet_leads (lead_created_at, first_name, park_phone)
      select '2026-01-05', 'Ana', 900000000 + n from generate_series(1, 10000) n`);
    const tables = [
      'canon.drivers_index',
      'canon.identity_registry',
      'canon.identity_links',
      'observational.lead_events',
      'canon.identity_unmatched',
    ];
    const request = { asOf, daysBack: 'all', limit: 10_000, repairEvents: true };
    await runJob(database, leadsReconcile, { ...request, dryRun: true });
    expect(await knownOf(database, tables.slice(1))).toEqual(tables.slice(1).map((name) => `${name} | -1`));
    expect((await runJob(database, leadsReconcile, request)).report).toMatchObject({ matched: 10_000 });
    expect(await knownOf(database, tables)).toEqual([
      'canon.drivers_index | 10000',
      'canon.identity_registry | 10000',
      'canon.identity_links | 20000',
      'observational.lead_events | 10000',
      'canon.identity_unmatched | -1',
    ]);
  });
});
