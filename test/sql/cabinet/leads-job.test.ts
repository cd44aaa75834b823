import { beforeEach, describe, expect, test } from 'vitest';
import { givenLink, givenPerson, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import type { GivenDriver, GivenFileLead } from '../../support/identity.ts';
import { leadsJobOn, phone, told } from './leads-job-given.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('what the leads job finds on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const { run, again, links, unmatched, state } = leadsJobOn(database);

  beforeEach(() => database.admin.script(emptied));

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
});
