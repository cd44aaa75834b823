import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, versions } from '../../support/database.ts';

const normalisers = [
  'normalise_phone',
  'normalise_plate',
  'normalise_license',
  'normalise_name',
  'normalise_label',
] as const;
type Normaliser = (typeof normalisers)[number];

const vectors: Record<Normaliser, readonly [string | null, string | null][]> = {
  normalise_phone: [
    ['987654321', '987654321'],
    ['+51 987-654-321', '987654321'],
    ['51987654321', '987654321'],
    ['(51) 987 654 321', '987654321'],
    ['0051987654321', '0051987654321'],
    ['5198765432', '5198765432'],
    ['519876543210', '519876543210'],
    ['987\u00a0654\t321', '987654321'],
    ['9876.5432', '9876.5432'],
    ['98765432x', '98765432x'],
    ['12345678', '12345678'],
    ['1234567', null],
    ['+ ( ) -', null],
    ['', null],
    [null, null],
  ],
  normalise_plate: [
    ['abc-123', 'ABC123'],
    [' A B C 1 2 3 ', 'ABC123'],
    ['ñbc·123', 'BC123'],
    ['--', null],
    ['', null],
    [null, null],
  ],
  normalise_license: [
    ['q-2910 7409', 'Q29107409'],
    [`DRIVERDRAFT${'a'.repeat(32)}`, null],
    [` driverdraft-${'0'.repeat(32)}`, null],
    ['XDRIVERDRAFT1', 'XDRIVERDRAFT1'],
    ['', null],
    [null, null],
  ],
  normalise_name: [
    ['  José  María   Núñez ', 'JOSE MARIA NUNEZ'],
    ['ÀÁÂÃÄÅ àáâãäå', 'AAAAAA AAAAAA'],
    ['ÈÉÊË èéêë', 'EEEE EEEE'],
    ['ÌÍÎÏ ìíîï', 'IIII IIII'],
    ['ÒÓÔÕÖ òóôõö', 'OOOOO OOOOO'],
    ['ÙÚÛÜ ùúûü Ññ Çç', 'UUUU UUUU NN CC'],
    // A combining accent goes as any sign does, and leaves its letter.
    ['Nu\u0301n\u0303ez', 'NUNEZ'],
    ["O'Brien García-López", 'OBRIEN GARCIALOPEZ'],
    ['Ana\u00a0Cruz\n3', 'ANA CRUZ'],
    ['12 - 34', null],
    ['', null],
    [null, null],
  ],
  normalise_label: [
    ['Kia  Rio', 'KIA RIO'],
    ['Peugeot 208', 'PEUGEOT 208'],
    ['CITROËN C-3', 'CITROEN C3'],
    ['', null],
    [null, null],
  ],
};

describe.each(versions)('the normalisers on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  async function apply(
    normaliser: Normaliser,
    values: readonly (string | null)[],
  ): Promise<(string | null)[]> {
    const rows = await database.admin.sql(z.strictObject({ key: z.string().nullable() }))`
      select case ${normaliser}::text
               when 'normalise_phone' then canon.normalise_phone(value)
               when 'normalise_plate' then canon.normalise_plate(value)
               when 'normalise_license' then canon.normalise_license(value)
               when 'normalise_name' then canon.normalise_name(value)
               when 'normalise_label' then canon.normalise_label(value)
             end as key
      from unnest(${values}::text[]) with ordinality given (value, place) order by place`;
    return rows.map(({ key }) => key);
  }

  test.each(normalisers)('%s gives the agreed keys', async (normaliser) => {
    const given = vectors[normaliser].map(([raw]) => raw);
    expect(await apply(normaliser, given)).toEqual(vectors[normaliser].map(([, key]) => key));
  });

  test.each(normalisers)('%s never gives an empty key, and leaves its own keys alone', async (normaliser) => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...' -()+5198ÑñáÉDRIVERDRAFT\t'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 40,
    });
    const texts = fc.sample(text, { numRuns: 2000, seed: 12 }).map((value) => value.replaceAll('\0', ''));
    const keys = await apply(normaliser, texts);
    expect(keys.filter((key) => key === '')).toEqual([]);
    expect(await apply(normaliser, keys)).toEqual(keys);
    expect(keys.filter((key) => key !== null).length).toBeGreaterThan(100);
  });

  test.each<Normaliser>(['normalise_plate', 'normalise_license', 'normalise_name', 'normalise_label'])(
    '%s does not see case or the white space around',
    async (normaliser) => {
      const text = fc.string({ unit: fc.constantFrom(...'abcxyzáéíóúñç019 -'), maxLength: 30 });
      const texts = fc.sample(text, { numRuns: 1000, seed: 7 });
      const keys = await apply(normaliser, texts);
      expect(
        await apply(
          normaliser,
          texts.map((value) => `\u00a0 ${value.toUpperCase()}\t`),
        ),
      ).toEqual(keys);
    },
  );

  test('a phone is the same with and without signs and country code', async () => {
    const digits = fc.sample(fc.stringMatching(/^9[0-9]{8}$/), { numRuns: 500, seed: 3 });
    for (const dress of [
      (number: string) => `51${number}`,
      (number: string) => `+51 ${number.slice(0, 3)}-${number.slice(3)}`,
      (number: string) => `(51) ${number}`,
    ]) {
      expect(await apply('normalise_phone', digits.map(dress))).toEqual(digits);
    }
  });

  test.each<[string | null, string[] | null]>([
    ['MARIA DE LA CRUZ', ['CRUZ', 'MARIA']],
    ['ANA ANA Y E EL LOS LAS DEL', ['ANA']],
    ['DE LA', []],
    ['DELIA', ['DELIA']],
    [null, null],
  ])('the words of %s are %j', async (name, words) => {
    const [row] = await database.admin.sql(z.strictObject({ words: z.array(z.string()).nullable() }))`
      select to_jsonb(tsvector_to_array(canon.name_tokens(${name}::text))) as words`;
    expect(row?.words).toEqual(words);
  });

  test.each<[string, string, number, number]>([
    ['ANA CRUZ', 'CRUZ ANA', 1, 1],
    ['A B C', 'A B C D', 3, 4],
    ['A B', 'A B C', 2, 3],
    ['A B C', 'A B D', 7, 12],
    ['A B', 'A B C D', 1, 2],
    ['A B', 'A C', 5, 12],
    ['A', 'B', 0, 1],
    ['DE LA', 'DE LA', 0, 1],
  ])('%s and %s are alike by %i / %i', async (a, b, n, d) => {
    const [row] = await database.admin.sql(z.strictObject({ same: z.boolean(), mirrored: z.boolean() }))`
      select s.n * ${d}::bigint = ${n}::bigint * s.d as same, (s.n, s.d) = (m.n, m.d) as mirrored
      from canon.name_similarity(canon.name_tokens(${a}::text), canon.name_tokens(${b}::text)) s,
           canon.name_similarity(canon.name_tokens(${b}::text), canon.name_tokens(${a}::text)) m`;
    expect(row).toEqual({ same: true, mirrored: true });
  });

  test('a name of any length has a key, and of whatever words a similarity', async () => {
    const [row] = await database.admin.sql(z.strictObject({ length: z.int(), below: z.boolean() }))`
      select length(canon.normalise_name(repeat('x', 100000))) as length, s.d < 65536 as below
      from canon.name_similarity(
        canon.name_tokens(canon.normalise_name((select string_agg(chr(65 + i % 26) || chr(65 + i / 26), ' ') from generate_series(0, 600) i))),
        canon.name_tokens(canon.normalise_name((select string_agg(chr(90 - i % 26), ' ') from generate_series(0, 600) i)))) s`;
    expect(row).toEqual({ length: 200, below: true });
  });
});
