import { beforeEach, describe, expect, test } from 'vitest';
import { givenLeads } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('conversion metrics on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(() => database.admin.script(emptied));
  const metrics = (columns: string, asOf?: string) =>
    ask(
      database.admin,
      `select ${columns} from observational.v_conversion_metrics order by person_key, origin_tag`,
      asOf,
    );

  test('tell how far a person got, and when, counted from day zero on', async () => {
    await givenLeads(database.admin, [
      {
        id: 1,
        date: '2026-01-05',
        trips: { [-1]: 50, 0: 0, 2: 1, 6: 3, 7: 1, 13: 1, 14: 1, 29: 10, 30: 20 },
      },
    ]);
    await database.admin.script(`
      update canon.driver_day_trips set work_seconds = 60 where trip_date in ('2026-01-04', '2026-01-05');
      insert into public.drivers (driver_id, hire_date) values ('d1', '2025-12-01')`);
    expect(
      await metrics(
        'origin_tag, lead_date, scout_id, driver_id, hire_date, first_connection_date, first_trip_date',
      ),
    ).toEqual(['cabinet | 2026-01-05 | - | d1 | 2025-12-01 | 2026-01-05 | 2026-01-07']);
    expect(
      await metrics(
        'trip_1_date, trip_5_date, trip_25_date, time_to_connection_days, time_to_1_days, time_to_5_days, time_to_25_days',
      ),
    ).toEqual(['2026-01-07 | 2026-01-12 | 2026-02-04 | 0 | 2 | 7 | 30']);
    expect(await metrics('trips_7d, trips_14d, trips_30d')).toEqual(['4 | 6 | 17']);
    expect(await metrics('trip_25_date, trips_30d', '2026-01-18')).toEqual(['- | 6']);
  });

  test('of a person without driver or trips are empty, and of a lead without event are not there', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', driver: null },
      { id: 2, date: '2026-01-05', event: null },
      { id: 3, date: '2026-01-05', trips: { [-1]: 1 } },
    ]);
    expect(await metrics('driver_id, lead_date, trip_1_date, time_to_1_days, trips_7d, trips_30d')).toEqual([
      '- | 2026-01-05 | - | - | 0 | 0',
      'd3 | 2026-01-05 | - | - | 0 | 0',
    ]);
  });

  test('are one row per person and channel, from the first event there', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-12', person: 7 },
      { id: 2, date: '2026-01-05', person: 7, event: { origin: 'fleet_migration' } },
      { id: 3, date: '2026-01-19', person: 7 },
    ]);
    expect(await metrics('origin_tag, lead_date')).toEqual([
      'cabinet | 2026-01-12',
      'fleet_migration | 2026-01-05',
    ]);
    expect(await metrics('origin_tag, lead_date', '2026-01-11')).toEqual(['fleet_migration | 2026-01-05']);
  });
});
