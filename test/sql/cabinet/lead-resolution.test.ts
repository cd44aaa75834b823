import { beforeEach, describe, expect, test } from 'vitest';
import { type GivenLead, givenLeads, givenLink, givenPerson } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the resolution of leads on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const resolved = (columns: string, asOf?: string) =>
    ask(database.admin, `select ${columns} from ops.v_cabinet_lead_resolution order by lead_id`, asOf);
  beforeEach(() => database.admin.script(emptied));

  test.each<[string, GivenLead, string]>([
    ['on the lead’s own day', { id: 1, date: '2026-01-05', trips: { 0: 2 } }, '2'],
    ['13 days after it', { id: 1, date: '2026-01-05', trips: { 13: 2 } }, '2'],
    ['14 days after it: no more', { id: 1, date: '2026-01-05', trips: { 14: 2 } }, '0'],
    ['the day before it: not yet', { id: 1, date: '2026-01-05', trips: { [-1]: 2 } }, '0'],
    [
      'on all the days about it',
      { id: 1, date: '2026-01-05', trips: { [-1]: 1, 0: 10, 13: 100, 14: 1000 } },
      '110',
    ],
    [
      'of a lead one minute before midnight',
      { id: 1, date: '2026-01-05 23:59:59', trips: { 0: 1, 13: 1, 14: 9 } },
      '2',
    ],
    ['on days without any', { id: 1, date: '2026-01-05', trips: { 3: 0 } }, '0'],
    ['nowhere', { id: 1, date: '2026-01-05' }, '0'],
  ])('counts trips %s', async (_when, lead, trips) => {
    await givenLeads(database.admin, [lead]);
    expect(await resolved('trips_14d')).toEqual([trips]);
  });

  test('puts a lead into the ISO week that begins on its Monday, across the turn of the year', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-04 23:59:59' },
      { id: 2, date: '2026-01-05' },
      { id: 3, date: '2025-12-31' },
      { id: 4, date: '2025-12-29' },
      { id: 5, date: '2025-12-28' },
    ]);
    expect(await resolved('lead_id, lead_date, week_start, window_end_14d')).toEqual([
      '1 | 2026-01-04 | 2025-12-29 | 2026-01-18T00:00:00',
      '2 | 2026-01-05 | 2026-01-05 | 2026-01-19T00:00:00',
      '3 | 2025-12-31 | 2025-12-29 | 2026-01-14T00:00:00',
      '4 | 2025-12-29 | 2025-12-29 | 2026-01-12T00:00:00',
      '5 | 2025-12-28 | 2025-12-22 | 2026-01-11T00:00:00',
    ]);
  });

  test('names a lead by its external id; an empty one counts as none', async () => {
    await database.admin.script(`
      insert into public.module_ct_cabinet_leads (id, external_id, lead_created_at)
      values (1, 'abc', '2026-01-05'), (2, '', '2026-01-05'), (3, null, '2026-01-05'), (4, 'undated', null)`);
    await givenPerson(database.admin, 2);
    await givenLink(database.admin, 2, 'module_ct_cabinet_leads', '2');
    expect(await resolved('lead_id, lead_source_pk, person_key is not null')).toEqual([
      '1 | abc | false',
      '2 | 2 | true',
      '3 | 3 | false',
    ]);
  });

  const links: readonly [string, readonly (readonly [string, string | null])[], string][] = [
    ['the one', [['a', '2026-01-01T00:00:00Z']], 'a'],
    [
      'the latest link',
      [
        ['a', '2026-01-01T00:00:00Z'],
        ['z', '2026-01-02T00:00:00Z'],
      ],
      'z',
    ],
    [
      'of links of one moment the smallest id',
      [
        ['z', '2026-01-01T00:00:00Z'],
        ['b', '2026-01-01T00:00:00Z'],
      ],
      'b',
    ],
    [
      'a dated link before one without a date',
      [
        ['a', null],
        ['z', '2026-01-01T00:00:00Z'],
      ],
      'z',
    ],
    [
      'of links without a date the smallest id',
      [
        ['z', null],
        ['b', null],
      ],
      'b',
    ],
    // Byte by byte, whatever the server's locale says about capitals.
    [
      'of ids with capitals the one that is first by bytes',
      [
        ['a', null],
        ['B', null],
      ],
      'B',
    ],
    ['a link made after the lead', [['a', '2026-03-01T00:00:00Z']], 'a'],
    ['none', [], '-'],
  ];
  test.each(links)('resolves a person to %s', async (_which, drivers, driver) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', driver: null }]);
    for (const [id, at] of drivers) await givenLink(database.admin, 1, 'drivers', id, at);
    expect(await resolved('driver_id')).toEqual([driver]);
  });

  test('counts the trips of the driver it resolved to, and of no other of the person', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', driver: 'older', trips: { 0: 9 } }]);
    await givenLink(database.admin, 1, 'drivers', 'newer', '2026-01-02T00:00:00Z');
    await database.admin.script(`insert into canon.driver_day_trips values ('newer', '2026-01-05', 2)`);
    expect(await resolved('driver_id, trips_14d')).toEqual(['newer | 2']);
  });

  test('keeps a driver in quarantine, with the trips, and says so', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 2 }, quarantined: true },
      { id: 2, date: '2026-01-05', trips: { 0: 3 }, quarantined: true },
    ]);
    await database.admin.script(
      `update canon.driver_orphan_quarantine set status = 'resolved_relinked' where driver_id = 'd2'`,
    );
    expect(await resolved('lead_id, driver_id, trips_14d, driver_quarantined')).toEqual([
      '1 | d1 | 2 | true',
      '2 | d2 | 3 | false',
    ]);
  });

  test('as of a date sees neither leads nor trips of the days after it', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 3: 10, 4: 100 } },
      { id: 2, date: '2026-01-08 23:59:59' },
      { id: 3, date: '2026-01-09' },
    ]);
    expect(await resolved('lead_id, trips_14d', '2026-01-08')).toEqual(['1 | 11', '2 | 0']);
    expect(await resolved('lead_id, trips_14d')).toEqual(['1 | 111', '2 | 0', '3 | 0']);
  });
});
