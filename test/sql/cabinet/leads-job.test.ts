import { beforeEach, describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { givenLink, givenPerson, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import {
  type GivenDriver,
  type GivenFileLead,
  givenDrivers,
  givenFileLeads,
} from '../../support/identity.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-13';
const phone = '987654321';

/** `lead:1: MATCHED R1_PHONE_EXACT`, in the order in which the leads were taken. */
function told(ran: Ran): string[] {
  return ran.decisions.map(({ subject, decision, reason, detail }) =>
    [`${subject}:`, decision, decision === 'UNMATCHED' ? reason : (detail ?? reason)].join(' '),
  );
}

describe.each(versions)('the leads job on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  beforeEach(() => database.admin.script(emptied));

  async function run(
    leads: readonly GivenFileLead[],
    drivers: readonly GivenDriver[],
    request: object = {},
  ): Promise<Ran> {
    await givenFileLeads(database.admin, leads);
    await givenDrivers(database.admin, drivers);
    return again(request);
  }
  const again = (request: object = {}) =>
    runJob(database, leadsReconcile, { asOf, repairEvents: false, ...request });
  const links = () =>
    ask(
      database.admin,
      `select source_table, source_pk, case when person_key = canon.person_key_of_driver('d1') then 'person of d1'
                when person_key = canon.person_key_of_driver('d2') then 'person of d2' else right(person_key::text, 2) end,
              match_rule, match_score, confidence_level
       from canon.identity_links order by source_table, source_pk`,
    );
  const unmatched = () =>
    ask(
      database.admin,
      `select source_pk, reason_code, status, resolved_at is not null as resolved, reopened_at is not null as reopened
       from canon.identity_unmatched order by source_pk`,
    );
  /** Everything that a run may change, but for the ledger; times apart. */
  const state = () =>
    ask(
      database.admin,
      `select 'link' as what, md5(string_agg((to_jsonb(l) - 'linked_at')::text, ',' order by id)) from canon.identity_links l
       union all select 'person', md5(string_agg(to_jsonb(r)::text, ',' order by person_key)) from canon.identity_registry r
       union all select 'unmatched', md5(string_agg(to_jsonb(u)::text, ',' order by id)) from canon.identity_unmatched u
       union all select 'event', md5(string_agg(to_jsonb(e)::text, ',' order by id)) from observational.lead_events e
       union all select 'driver', md5(string_agg(to_jsonb(d)::text, ',' order by driver_id)) from canon.drivers_index d`,
    );

  describe('a lead without identity', () => {
    test('gets a person made for the driver, with the driver', async () => {
      const ran = await run(
        [{ id: 1, name: 'Ana Cruz', phone: `+51 ${phone}` }],
        [{ id: 'd1', name: 'Cruz Peña Ana', phone, license: 'q-123' }],
      );
      expect(told(ran)).toEqual(['lead:1: MATCHED R1_PHONE_EXACT']);
      expect(ran.report).toMatchObject({
        matched: 1,
        newly_linked: 1,
        newly_driver_mapped: 1,
        persons_filled: 1,
      });
      expect(await links()).toEqual([
        'drivers | d1 | person of d1 | DRIVER_MATCH | 100 | HIGH',
        'module_ct_cabinet_leads | 1 | person of d1 | R1_PHONE_EXACT | 95 | HIGH',
      ]);
      expect(
        await ask(
          database.admin,
          'select primary_phone, primary_license, primary_full_name, confidence_level from canon.identity_registry',
        ),
      ).toEqual([`${phone} | Q123 | Cruz Peña Ana | HIGH`]);
      expect(await unmatched()).toEqual([]);
    });

    test('gets the person that the driver already is; blanks are filled, the rest is left, confidence rises', async () => {
      await database.admin.sql`
        insert into canon.identity_registry (person_key, primary_phone, primary_license, primary_full_name, confidence_level)
        values (${personKey(7)}::uuid, ' ', 'Q9', 'As It Was', 'LOW')`;
      await givenLink(database.admin, 7, 'drivers', 'd1');
      await run([{ id: 1, name: 'Ana', phone }], [{ id: 'd1', phone }]);
      expect(await links()).toEqual([
        'drivers | d1 | 07 | - | - | -',
        'module_ct_cabinet_leads | 1 | 07 | R1_PHONE_EXACT | 95 | HIGH',
      ]);
      expect(
        await ask(
          database.admin,
          'select primary_phone, primary_license, primary_full_name, confidence_level from canon.identity_registry',
        ),
      ).toEqual([`${phone} | Q9 | As It Was | HIGH`]);
    });

    test('a match of medium confidence neither lowers nor raises the person', async () => {
      await database.admin.sql`
        insert into canon.identity_registry (person_key, confidence_level)
        values (${personKey(7)}::uuid, 'HIGH'), (${personKey(8)}::uuid, 'LOW')`;
      await givenLink(database.admin, 7, 'drivers', 'd1');
      await givenLink(database.admin, 8, 'drivers', 'd2');
      await run(
        [
          { id: 1, name: 'Ana Cruz', plate: 'A1' },
          { id: 2, name: 'Ana Cruz', plate: 'A2' },
        ],
        [
          { id: 'd1', name: 'Ana Cruz', plate: 'A1' },
          { id: 'd2', name: 'Ana Cruz', plate: 'A2' },
        ],
      );
      expect(
        await ask(
          database.admin,
          'select primary_full_name, confidence_level from canon.identity_registry order by 2',
        ),
      ).toEqual(['Ana Cruz | HIGH', 'Ana Cruz | LOW']);
    });

    test.each<[string, string, string]>([
      ['phone', `51${phone}`, '07'],
      ['licence', 'q 123', '07'],
    ])("gets the registered person who has the driver's %s", async (what, value, person) => {
      await givenPerson(database.admin, 7);
      const column = what === 'phone' ? 'primary_phone' : 'primary_license';
      await database.admin.script(`update canon.identity_registry set ${column} = '${value}'`);
      await run([{ id: 1, phone }], [{ id: 'd1', phone, license: 'Q123' }]);
      expect((await links()).map((line) => line.split(' | ')[2])).toEqual([person, person]);
    });

    test("gets a person of its own where two registered persons have the driver's phone", async () => {
      for (const person of [7, 8]) await givenPerson(database.admin, person);
      await database.admin.script(`update canon.identity_registry set primary_phone = '${phone}'`);
      await run([{ id: 1, phone }], [{ id: 'd1', phone }]);
      expect((await links()).map((line) => line.split(' | ')[2])).toEqual(['person of d1', 'person of d1']);
    });

    test("by R3b gets the driver's person, and no driver link is made", async () => {
      await givenPerson(database.admin, 7);
      await givenLink(database.admin, 7, 'drivers', 'd1');
      const driver = { id: 'd1', name: 'Ana Cruz', plate: 'A1', hired: '2020-01-01' };
      const ran = await run([{ id: 1, name: 'Ana Cruz', plate: 'A1' }], [driver]);
      expect(told(ran)).toEqual(['lead:1: MATCHED R3b']);
      expect(await links()).toEqual([
        'drivers | d1 | 07 | - | - | -',
        'module_ct_cabinet_leads | 1 | 07 | R3b | 100 | MEDIUM',
      ]);
    });

    test('by R3b alone is not matched with a driver who is no person', async () => {
      const driver = { id: 'd1', name: 'Ana Cruz', plate: 'A1', hired: '2020-01-01' };
      const ran = await run([{ id: 1, name: 'Ana Cruz', plate: 'A1' }], [driver]);
      expect(told(ran)).toEqual(['lead:1: UNMATCHED NO_CANDIDATES']);
      expect(ran.decisions[0]?.evidence).toMatchObject({
        rules: { R3b: { outcome: 'NO_PERSON_KEY', driver_id: 'd1' } },
      });
      expect(await links()).toEqual([]);
    });

    test.each<[string, GivenFileLead, GivenDriver[], string]>([
      ['no key at all', { id: 1 }, [], 'UNMATCHED NO_CANDIDATES'],
      ['a phone that nobody has', { id: 1, phone }, [], 'UNMATCHED NO_CANDIDATES'],
      [
        'a phone that two have',
        { id: 1, phone },
        [
          { id: 'd1', phone },
          { id: 'd2', phone },
        ],
        'UNMATCHED MULTIPLE_CANDIDATES',
      ],
      [
        'a plate with another name',
        { id: 1, name: 'Ana', plate: 'A1' },
        [{ id: 'd1', name: 'Luis', plate: 'A1' }],
        'UNMATCHED WEAK_MATCH_ONLY',
      ],
      [
        'a plate with another name and a phone that nobody has',
        { id: 1, name: 'Ana', plate: 'A1', phone },
        [{ id: 'd1', name: 'Luis', plate: 'A1' }],
        'UNMATCHED NO_CANDIDATES',
      ],
      [
        'an ambiguous phone and a clear plate',
        { id: 1, name: 'Ana', plate: 'A1', phone },
        [
          { id: 'd1', name: 'Ana', plate: 'A1', phone },
          { id: 'd2', phone },
        ],
        'MATCHED R3_PLATE_EXACT_NAME_SIMILAR',
      ],
      [
        'phone and plate of one driver',
        { id: 1, name: 'Ana', plate: 'A1', phone },
        [{ id: 'd1', name: 'Ana', plate: 'A1', phone }],
        'MATCHED R1_PHONE_EXACT',
      ],
      [
        'phone and plate of two persons',
        { id: 1, name: 'Ana', plate: 'A1', phone },
        [
          { id: 'd1', phone },
          { id: 'd2', name: 'Ana', plate: 'A1' },
        ],
        'UNMATCHED MULTIPLE_CANDIDATES',
      ],
    ])('%s', async (_what, lead, drivers, outcome) => {
      expect(told(await run([lead], drivers))).toEqual([`lead:1: ${outcome}`]);
      expect((await unmatched()).length).toBe(outcome.startsWith('UNMATCHED') ? 1 : 0);
    });

    test('phone and plate of two drivers who are one person: the higher score', async () => {
      await givenPerson(database.admin, 7);
      for (const driver of ['d1', 'd2']) await givenLink(database.admin, 7, 'drivers', driver);
      const drivers = [
        { id: 'd1', phone },
        { id: 'd2', name: 'Ana', plate: 'A1' },
      ];
      const ran = await run([{ id: 1, name: 'Ana', plate: 'A1', phone }], drivers);
      expect(told(ran)).toEqual(['lead:1: MATCHED R1_PHONE_EXACT']);
    });
  });

  describe('a lead with a person and no driver', () => {
    async function linked(id: number, person: number): Promise<void> {
      await givenPerson(database.admin, person);
      await givenLink(database.admin, person, 'module_ct_cabinet_leads', String(id));
    }

    test('gets a driver who is nobody yet', async () => {
      await linked(1, 7);
      const ran = await run([{ id: 1, phone }], [{ id: 'd1', phone }]);
      expect(told(ran)).toEqual(['lead:1: MATCHED R1_PHONE_EXACT']);
      expect(ran.report).toMatchObject({ newly_linked: 0, newly_driver_mapped: 1 });
      expect(await links()).toEqual([
        'drivers | d1 | 07 | DRIVER_MATCH | 100 | HIGH',
        'module_ct_cabinet_leads | 1 | 07 | - | - | -',
      ]);
    });

    test('does not get the driver of another person', async () => {
      await linked(1, 7);
      await givenPerson(database.admin, 8);
      await givenLink(database.admin, 8, 'drivers', 'd1');
      const ran = await run([{ id: 1, phone }], [{ id: 'd1', phone }]);
      expect(told(ran)).toEqual(['lead:1: UNMATCHED PERSON_CONFLICT']);
      expect(ran.report).toMatchObject({ conflicts: 1, newly_driver_mapped: 0 });
      expect(ran.decisions[0]?.evidence).toMatchObject({
        driver_id: 'd1',
        person_key: personKey(8),
        person_before: personKey(7),
      });
    });

    test('shares a driver who is nobody yet with a lead without identity', async () => {
      await linked(1, 7);
      await run(
        [
          { id: 1, phone },
          { id: 2, phone },
        ],
        [{ id: 'd1', phone }],
      );
      expect((await links()).map((line) => line.split(' | ').slice(1, 3).join(' '))).toEqual([
        'd1 07',
        '1 07',
        '2 07',
      ]);
    });

    test("loses a driver that another person's lead asks for too", async () => {
      await linked(1, 7);
      await linked(2, 8);
      const ran = await run(
        [
          { id: 1, phone },
          { id: 2, phone },
        ],
        [{ id: 'd1', phone }],
      );
      expect(told(ran)).toEqual(['lead:2: UNMATCHED PERSON_CONFLICT', 'lead:1: UNMATCHED PERSON_CONFLICT']);
      expect(await links()).toHaveLength(2);
    });

    test('R3b has nothing for it', async () => {
      await linked(1, 7);
      await givenPerson(database.admin, 8);
      await givenLink(database.admin, 8, 'drivers', 'd1');
      const driver = { id: 'd1', name: 'Ana Cruz', plate: 'A1', hired: '2020-01-01' };
      const ran = await run([{ id: 1, name: 'Ana Cruz', plate: 'A1' }], [driver]);
      expect(told(ran)).toEqual(['lead:1: UNMATCHED NO_CANDIDATES']);
    });

    test('gains the driver that another lead of its person found, and is no open case', async () => {
      await linked(1, 7);
      await linked(2, 7);
      const ran = await run([{ id: 1, phone }, { id: 2 }], [{ id: 'd1', phone }]);
      expect(told(ran)).toEqual(['lead:2: UNMATCHED NO_CANDIDATES', 'lead:1: MATCHED R1_PHONE_EXACT']);
      expect(ran.report).toMatchObject({
        newly_driver_mapped: 2,
        stages: { selected_after: { NO_TRIPS_14D: 2 } },
      });
      expect(await unmatched()).toEqual(['2 | NO_CANDIDATES | RESOLVED | true | false']);
      const before = await state();
      expect(told(await again())).toEqual(['lead:2: SKIPPED HAS_DRIVER', 'lead:1: SKIPPED HAS_DRIVER']);
      expect(await state()).toEqual(before);
    });
  });

  describe('the selection', () => {
    const leads = [
      { id: 1, date: '2025-12-01' },
      { id: 2, date: '2026-01-05' },
      { id: 3, date: '2026-01-05' },
      { id: 4, date: '2026-01-14' },
      { id: 5, date: '2025-12-20' },
    ];
    const ids = (ran: Ran) => ran.decisions.map(({ subject }) => Number(subject.replace('lead:', '')));

    beforeEach(async () => {
      // Leads 3 and 5 are done; lead 4 is dated after the run.
      for (const id of [3, 5]) {
        await givenPerson(database.admin, id);
        await givenLink(database.admin, id, 'module_ct_cabinet_leads', String(id));
        await givenLink(database.admin, id, 'drivers', `e${id}`);
      }
    });

    test.each<[object, number[]]>([
      [{}, [3, 2, 5, 1]],
      [{ daysBack: 8 }, [3, 2, 1]],
      [{ daysBack: 24 }, [3, 2, 5, 1]],
      [{ daysBack: 23 }, [3, 2, 1]],
      [{ daysBack: 'all' }, [3, 2, 5, 1]],
      [{ limit: 2 }, [3, 2]],
      [{ onlyLimbo: true }, [2, 1]],
      [{ onlyLimbo: true, limit: 1 }, [2]],
      [{ asOf: '2025-12-31' }, [5, 1]],
    ])('%j takes exactly %j', async (request, expected) => {
      const ran = await run(leads, [], { dryRun: true, ...request });
      expect(ids(ran)).toEqual(expected);
      expect(ran.report).toMatchObject({ selected: expected.length, processed: expected.length });
    });

    test('two leads of one key are one', async () => {
      await database.admin.script(
        `insert into public.module_ct_cabinet_leads (id, external_id, lead_created_at) values (9, '2', '2026-01-01')`,
      );
      expect(ids(await run(leads, [], { onlyLimbo: true }))).toEqual([2, 1]);
    });
  });

  test('an unmatched row is opened, left alone when ignored, resolved, and reopened', async () => {
    await run([{ id: 1, phone }], []);
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | OPEN | false | false']);

    const operator = database.connect('cuadre_operator');
    await operator.sql`update canon.identity_unmatched set status = 'IGNORED' where source_pk = '1'`;
    await operator.close();
    await givenDrivers(database.admin, [
      { id: 'd1', phone },
      { id: 'd2', phone },
    ]);
    await again();
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | IGNORED | false | false']);

    await database.admin.script(
      `update canon.identity_unmatched set status = 'OPEN'; delete from public.drivers where driver_id = 'd2'`,
    );
    await again();
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | RESOLVED | true | false']);

    await database.admin.script(
      `select canon.undo_identity_link('module_ct_cabinet_leads', '1', 'it is somebody else')`,
    );
    expect(told(await again())).toEqual(['lead:1: UNMATCHED LINK_UNDONE']);
    expect(await unmatched()).toEqual(['1 | LINK_UNDONE | OPEN | false | true']);
  });

  test('a dry run says what the run then does, from an index that it leaves as it was', async () => {
    await givenPerson(database.admin, 7);
    await givenLink(database.admin, 7, 'module_ct_cabinet_leads', '3');
    const leads = [
      { id: 1, phone },
      { id: 2, phone: '999999999' },
      { id: 3, phone: '988888888' },
    ];
    const before = await state();
    const dry = await run(
      leads,
      [
        { id: 'd1', phone },
        { id: 'd2', phone: '988888888' },
      ],
      { dryRun: true, repairEvents: true },
    );
    expect(await state()).toEqual([...before.slice(0, 4), 'driver | -']);
    const real = await again({ repairEvents: true });
    expect(dry.decisions.map(({ evidence }) => evidence)).toEqual(
      real.decisions.map(({ evidence }) => evidence),
    );
    expect(told(dry)).toEqual(told(real).map((line) => line.replace(' MATCHED', ' WOULD_MATCH')));
    expect(dry.report).toMatchObject({
      matched: 0,
      would_match: 2,
      newly_linked: 1,
      drivers_index: { inserted: 2 },
    });
    expect(real.report).toMatchObject({
      matched: 2,
      would_match: 0,
      newly_linked: 1,
      drivers_index: { inserted: 2 },
    });
  });

  test('the index follows the drivers: only what changed is touched', async () => {
    const drivers = [{ id: 'd1', phone }, { id: 'd2' }, { id: 'd3' }];
    await run([], drivers);
    await database.admin.script(`
      update public.drivers set phone = '999999999' where driver_id = 'd1';
      update public.drivers set work_status = 'x' where driver_id = 'd2';
      delete from public.drivers where driver_id = 'd3'`);
    expect((await again()).report).toMatchObject({ drivers_index: { inserted: 0, updated: 1, removed: 1 } });
    expect(
      await ask(database.admin, 'select driver_id, phone_norm from canon.drivers_index order by 1'),
    ).toEqual(['d1 | 999999999', 'd2 | -']);
    expect((await again()).report).toMatchObject({ drivers_index: { inserted: 0, updated: 0, removed: 0 } });
  });

  test('a lead that somebody else links in the same moment stays theirs', async () => {
    await givenPerson(database.admin, 7);
    await givenFileLeads(database.admin, [{ id: 1, phone }]);
    await givenDrivers(database.admin, [{ id: 'd1', phone }]);
    const other = database.connect('postgres');
    const running: Promise<Ran>[] = [];
    await other.transaction(async (sql) => {
      await sql`
        insert into canon.identity_links (person_key, source_table, source_pk)
        values (${personKey(7)}::uuid, 'module_ct_cabinet_leads', '1')`;
      running.push(again());
      const waiting = `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(() => ask(database.admin, waiting), { timeout: 10_000 }).toEqual(['1']);
    });
    await other.close();
    const [ran] = await Promise.all(running);
    expect(ran?.decisions).toMatchObject([{ decision: 'SKIPPED', reason: 'LINKED_MEANWHILE' }]);
    expect(ran?.report).toMatchObject({ matched: 0, newly_linked: 0, skipped: 1 });
    expect((await links()).at(-1)).toBe('module_ct_cabinet_leads | 1 | 07 | - | - | -');
  });

  test.each<[object, string]>([
    [{ daysBack: -1 }, 'daysBack'],
    [{ daysBack: 1.5 }, 'daysBack'],
    [{ daysBack: 'some' }, 'daysBack'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_000_001 }, 'limit'],
    [{ limit: 'all' }, 'limit'],
    [{ onlyLimbo: 1 }, 'onlyLimbo'],
    [{ repairEvents: 'yes' }, 'repairEvents'],
    [{ targetPark: 'x' }, 'targetPark'],
    [{ asOf: '2026-02-30' }, 'asOf'],
    [{ dryRun: 'no' }, 'dryRun'],
  ])('refuses %j by name', (request, field) => {
    expect(() => leadsReconcile.request(request)).toThrow(field);
  });

  test('refuses to run without a target park', async () => {
    await database.admin.script(
      'create table public.kept as table ops.cabinet_settings; delete from ops.cabinet_settings',
    );
    const ran = await again();
    await database.admin.script('insert into ops.cabinet_settings table public.kept; drop table public.kept');
    expect(ran).toMatchObject({ status: 'failed', error: { code: 'TARGET_PARK_UNSET' } });
  });
});
