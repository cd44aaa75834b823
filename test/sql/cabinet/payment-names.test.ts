import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, versions } from '../../support/database.ts';

/** Letters with and without accents, composed and not, the ones that Unicode does not take apart, digits, and separators. */
const letters = [...'aábcçdeéêfghiíjklmnñoóöpqrstuúüvwxyzAÁÉÍÑÓÚÜZ0189øØłŁßæŒ'];
const token = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 6 })
  .map((each) => each.join(''));
const tokens = fc.array(token, { minLength: 1, maxLength: 5 });
const separator = fc.constantFrom(' ', '  ', '\t', ', ', '-', '.', "'", '\u00a0');

describe.each(versions)('the key of a name on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  async function keys(names: readonly string[]): Promise<string[]> {
    const rows = await database.admin.sql(z.strictObject({ key: z.string() }))`
      select ops.name_token_key(name) as key from unnest(${names}::text[]) with ordinality n(name, place) order by place`;
    return rows.map(({ key }) => key);
  }

  test.each([
    ['Muñoz Peña José', 'jose munoz pena'],
    ['JOSÉ  MUÑOZ PEÑA', 'jose munoz pena'],
    ['jose\u0301 mun\u0303oz pen\u0303a', 'jose munoz pena'],
    ['  paredes poma,  Percy Alan', 'alan paredes percy poma'],
    ["D'Angelo O-Neill", 'angelo d neill o'],
    ['de la Cruz, Juan', 'cruz de juan la'],
    ['Ana Ana', 'ana ana'],
    ['Łukasz Ørsted Strauß', 'lukasz orsted strauss'],
    ['ＡＮＡ', 'ana'],
    ['Pérez 2º', '2o perez'],
    ['Ana', 'ana'],
    ['', ''],
    [' - . ', ''],
    ['Иван', ''],
  ])('of %j is %j', async (name, key) => {
    expect(await keys([name])).toEqual([key]);
  });

  test('of no name is none', async () => {
    const [row] = await database.admin.sql(z.strictObject({ key: z.string() }))`
      select ops.name_token_key(null) as key`;
    expect(row).toEqual({ key: '' });
  });

  test('depends neither on case, accents and order of the words nor on what separates them', async () => {
    await fc.assert(
      fc.asyncProperty(tokens, fc.infiniteStream(separator), fc.nat(), async (words, separators, seed) => {
        const turned = words.toSorted((a, b) => ((a.length * 7 + seed) % 5) - ((b.length * 7 + seed) % 5));
        const joined = turned.reduce((text, word) => text + separators.next().value + word, '');
        const bare = words
          .join(' ')
          .normalize('NFD')
          .replace(/\p{Mn}/gu, '');
        const [first, ...others] = await keys([
          words.join(' '),
          joined,
          words.join(' ').normalize('NFD'),
          bare,
          words.join(' ').toLowerCase(),
        ]);
        expect(others).toEqual(others.map(() => first));
      }),
      { numRuns: 150 },
    );
  });

  test('is the key of itself, of words in order, lower case and plain', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          tokens.map((words) => words.join(' ')),
          fc.string({ unit: 'grapheme', maxLength: 30 }),
        ),
        async (raw) => {
          const name = raw.replaceAll('\0', '');
          const [key = ''] = await keys([name]);
          expect(await keys([key])).toEqual([key]);
          expect(key).toMatch(/^([a-z0-9]+( [a-z0-9]+)*)?$/);
          expect(key.split(' ')).toEqual(key.split(' ').toSorted());
        },
      ),
      { numRuns: 150 },
    );
  });

  test('keeps apart what differs in a letter or in a word', async () => {
    const plain = fc.array(fc.string({ unit: fc.constantFrom(...'abcz09'), minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(plain, plain, async (one, other) => {
        const [first, second] = await keys([one.join(' '), other.join(' ')]);
        expect(first === second).toBe(one.toSorted().join(' ') === other.toSorted().join(' '));
      }),
      { numRuns: 100 },
    );
  });
});
