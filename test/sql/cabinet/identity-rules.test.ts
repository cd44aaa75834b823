import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase, versions } from '../../support/database.ts';
import { type GivenDriver, type GivenKey, givenDrivers, match, told } from '../../support/identity.ts';

const phone = '987654321';
const plate = 'ABC-123';

/** `count` different words of letters. */
function words(count: number, letter = 'N'): string {
  return Array.from(
    { length: count },
    (_, at) => `${letter}${'ABCDEFGHIJ'[Math.floor(at / 10)]}${'ABCDEFGHIJ'[at % 10]}`,
  ).join(' ');
}

describe.each(versions)('the identity rules on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  beforeEach(() => database.admin.script('truncate public.drivers, canon.drivers_index'));

  async function answers(drivers: readonly GivenDriver[], key: GivenKey): Promise<string[]> {
    await givenDrivers(database.admin, drivers);
    return told(database.admin, key);
  }

  describe.each([
    ['R1_PHONE_EXACT', 'phone', phone],
    ['R2_LICENSE_EXACT', 'license', 'Q12345678'],
  ] as const)('%s', (rule, field, value) => {
    const has = (id: string, park?: string | null): GivenDriver => ({
      id,
      [field]: value,
      ...(park === undefined ? {} : { park }),
    });

    test.each<[string, GivenDriver[], string]>([
      ['one in the target park', [has('d1')], 'MATCHED d1'],
      ['one in the target park and one elsewhere', [has('d1', 'other'), has('d2')], 'MATCHED d2'],
      ['two in the target park', [has('d1'), has('d2')], 'MULTIPLE_CANDIDATES'],
      [
        'two in the target park and one elsewhere',
        [has('d1'), has('d2'), has('d3', 'other')],
        'MULTIPLE_CANDIDATES',
      ],
      ['one elsewhere', [has('d1', 'other')], 'MATCHED d1'],
      ['two elsewhere', [has('d1', 'other'), has('d2', 'another')], 'MULTIPLE_CANDIDATES'],
      ['one without park', [has('d1', null)], 'NO_CANDIDATES'],
      ['one without park and one elsewhere', [has('d1', null), has('d2', 'other')], 'MATCHED d2'],
      ['none', [{ id: 'd1' }], 'NO_CANDIDATES'],
    ])('%s', async (_what, drivers, outcome) => {
      expect(await answers(drivers, { [field]: value })).toEqual([`${rule}: ${outcome}`]);
    });

    test('names up to three of those it cannot choose from, in one order', async () => {
      await givenDrivers(
        database.admin,
        ['d4', 'd2', 'd3', 'd1'].map((id) => has(id)),
      );
      const [found] = await match(database.admin, { [field]: value });
      expect(found?.evidence).toMatchObject({
        in_target_park: 4,
        elsewhere: 0,
        candidates: [{ driver_id: 'd1' }, { driver_id: 'd2' }, { driver_id: 'd3' }],
      });
    });
  });

  test('an empty or short phone and a draft licence are no key, on either side', async () => {
    const draft = `DRIVERDRAFT${'0'.repeat(32)}`;
    await givenDrivers(database.admin, [
      { id: 'd1', phone: '', license: draft },
      { id: 'd2', phone: '1234567' },
    ]);
    expect(await told(database.admin, { phone: '', license: draft })).toEqual([]);
    expect(await told(database.admin, { phone: '1234567' })).toEqual([]);
  });

  test('a phone matches with the country code on one side only', async () => {
    expect(await answers([{ id: 'd1', phone: `+51 ${phone}` }], { phone })).toEqual([
      'R1_PHONE_EXACT: MATCHED d1',
    ]);
    expect(await told(database.admin, { phone: `51${phone}` })).toEqual(['R1_PHONE_EXACT: MATCHED d1']);
  });

  describe('R3_PLATE_EXACT_NAME_SIMILAR', () => {
    const driver = (id: string, name: string, more: Partial<GivenDriver> = {}): GivenDriver => ({
      id,
      name,
      plate,
      ...more,
    });
    const lead = (name: string): GivenKey => ({ name, plate: 'abc123' });
    const r3 = (outcome: string) => [`R3_PLATE_EXACT_NAME_SIMILAR: ${outcome}`];

    test.each<[string, string, string]>([
      ['Ana Cruz', 'CRUZ ANA', 'MATCHED d1'],
      ['María de la Cruz', 'MARIA CRUZ', 'MATCHED d1'],
      ['A B', 'A B C', 'MATCHED d1'], // 0.6667
      ['A B C', 'A B D', 'WEAK_MATCH_ONLY'], // 0.5833
      ['A B', 'A B C D', 'WEAK_MATCH_ONLY'], // 0.5
      ['A B', 'A C', 'WEAK_MATCH_ONLY'], // 0.4167
      ['De La', 'De La', 'WEAK_MATCH_ONLY'], // no words
      [words(33), words(50), 'MATCHED d1'], // 0.66 exactly
    ])('%s against %s: %s', async (name, other, outcome) => {
      expect(await answers([driver('d1', other)], lead(name))).toEqual(r3(outcome));
    });

    test('says by how much a name falls short', async () => {
      await givenDrivers(database.admin, [driver('d1', 'A B D')]);
      const [found] = await match(database.admin, lead('A B C'));
      expect(found?.evidence).toEqual({ found: 1, similarity: '0.5833', below_threshold_by: '0.0767' });
    });

    test.each<[number, string, string]>([
      [17, 'MATCHED d1', '0.1500'], // 20/20 against 17/20
      [18, 'MULTIPLE_CANDIDATES', '0.1000'],
    ])('of 20 words against %i: %s', async (second, outcome, margin) => {
      await givenDrivers(database.admin, [driver('d1', words(20)), driver('d2', words(second))]);
      const [found] = await match(database.admin, lead(words(20)));
      expect([found?.outcome, found?.driver_id ?? []].flat().join(' ')).toBe(outcome);
      expect(found?.evidence).toMatchObject({
        margin,
        candidates: [{ driver_id: 'd1' }, { driver_id: 'd2' }],
      });
    });

    test('a margin of 0.14986 is ambiguous', async () => {
      // Of 24 words: 20 and one other are 0.8167, 23 and eleven others 0.6668.
      await givenDrivers(database.admin, [
        driver('d1', `${words(20)} ${words(1, 'M')}`),
        driver('d2', `${words(23)} ${words(11, 'M')}`),
      ]);
      const [found] = await match(database.admin, lead(words(24)));
      expect(found).toMatchObject({ outcome: 'MULTIPLE_CANDIDATES', evidence: { margin: '0.1499' } });
    });

    test('a second candidate below the threshold leaves no doubt, however near', async () => {
      // 0.6667 and 0.5833
      expect(await answers([driver('d1', 'A B C'), driver('d2', 'A D E F')], lead('A B'))).toEqual(
        r3('MATCHED d1'),
      );
    });

    test.each<[string, string | undefined, string[]]>([
      ['90 days before', '2025-10-07', r3('MATCHED d1')],
      ['30 days after', '2026-02-04', r3('MATCHED d1')],
      ['on no known day', undefined, r3('MATCHED d1')],
      ['91 days before', '2025-10-06', ['R3_PLATE_EXACT_NAME_SIMILAR: NO_CANDIDATES', 'R3b: MATCHED d1']],
      ['31 days after', '2026-02-05', ['R3_PLATE_EXACT_NAME_SIMILAR: NO_CANDIDATES', 'R3b: MATCHED d1']],
    ])('a driver hired %s', async (_what, hired, expected) => {
      const more = hired === undefined ? {} : { hired };
      expect(await answers([driver('d1', 'Ana Cruz', more)], lead('Ana Cruz'))).toEqual(expected);
    });

    test('R3b is not asked when R3 saw a driver, even one of another name', async () => {
      const drivers = [driver('d1', 'Luis Paz'), driver('d2', 'Ana Cruz', { hired: '2020-01-01' })];
      expect(await answers(drivers, lead('Ana Cruz'))).toEqual(r3('WEAK_MATCH_ONLY'));
    });

    test('R3b scores the similarity in whole per cent', async () => {
      await givenDrivers(database.admin, [driver('d1', 'A B C', { hired: '2020-01-01' })]);
      expect((await match(database.admin, lead('A B'))).map(({ score }) => score)).toEqual([85, 66]);
    });

    test.each<[string, Partial<GivenDriver>, GivenKey, string[]]>([
      ['a driver elsewhere', { park: 'other' }, lead('Ana Cruz'), r3('NO_CANDIDATES')],
      ['a driver without park', { park: null }, lead('Ana Cruz'), r3('NO_CANDIDATES')],
      ['a lead without plate', {}, { name: 'Ana Cruz' }, []],
      ['a lead without name', {}, { plate }, []],
    ])('%s', async (_what, more, key, expected) => {
      expect(await answers([driver('d1', 'Ana Cruz', more)], key)).toEqual(expected);
    });

    test('finds the one among many of the same plate', async () => {
      const many = Array.from({ length: 50 }, (_, at) => driver(`a${at}`, `X${words(at + 2)}`));
      expect(await answers([...many, driver('z', 'Ana Cruz')], lead('Ana Cruz'))).toEqual(r3('MATCHED z'));
    });
  });

  test.each<[string, string | undefined, string]>([
    ['30 days before', '2025-12-06', 'MATCHED d1'],
    ['7 days after', '2026-01-12', 'MATCHED d1'],
    ['on no known day', undefined, 'MATCHED d1'],
    ['31 days before', '2025-12-05', 'NO_CANDIDATES'],
    ['8 days after', '2026-01-13', 'NO_CANDIDATES'],
  ])('R4 takes a driver of the same car hired %s', async (_what, hired, outcome) => {
    const more = hired === undefined ? {} : { hired };
    const driver = { id: 'd1', name: 'Ana Cruz', brand: 'KIA', model: 'Río 2', ...more };
    expect(await answers([driver], { name: 'Cruz Ana', brand: 'Kia', model: 'RIO  2.' })).toEqual([
      `R4_CAR_FINGERPRINT_NAME_SIMILAR: ${outcome}`,
    ]);
  });

  test('whatever the order of the drivers, the answer is the same', async () => {
    const drivers: GivenDriver[] = ['A B C', 'A B D', 'A B', 'B A C', 'A B C D'].map((name, at) => ({
      id: `d${at}`,
      name,
      plate,
      phone,
    }));
    const first = await (async () => {
      await givenDrivers(database.admin, drivers);
      return match(database.admin, { name: 'A B C', plate, phone });
    })();
    for (const shuffled of fc.sample(fc.shuffledSubarray(drivers, { minLength: drivers.length }), {
      numRuns: 10,
      seed: 5,
    })) {
      await database.admin.script('truncate public.drivers, canon.drivers_index');
      await givenDrivers(database.admin, shuffled);
      expect(await match(database.admin, { name: 'A B C', plate, phone })).toEqual(first);
    }
  });
});
