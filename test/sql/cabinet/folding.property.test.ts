import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, versions } from '../../support/database.ts';

/** As migration 0010 had it, which made the keys of version 1 of the normalisers. */
const version1 = `
  upper(case when octet_length(raw) = length(raw) then raw else translate(
    raw,
    U&'\\00C0\\00C1\\00C2\\00C3\\00C4\\00C5\\00E0\\00E1\\00E2\\00E3\\00E4\\00E5\\00C8\\00C9\\00CA\\00CB\\00E8\\00E9\\00EA\\00EB\\00CC\\00CD\\00CE\\00CF\\00EC\\00ED\\00EE\\00EF\\00D2\\00D3\\00D4\\00D5\\00D6\\00F2\\00F3\\00F4\\00F5\\00F6\\00D9\\00DA\\00DB\\00DC\\00F9\\00FA\\00FB\\00FC\\00D1\\00F1\\00C7\\00E7\\0085\\00A0\\2007\\202F\\3000',
    'AAAAAAAAAAAAEEEEEEEEIIIIIIIIOOOOOOOOOOUUUUUUUUNNCC     ') end collate "C")`;

const found = z.strictObject({ raw: z.string(), before: z.string().nullable(), now: z.string().nullable() });

describe.each(versions)('folding accents on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test('is of the version that the stored keys were made with', async () => {
    const [row] = await database.admin.sql(
      z.strictObject({ version: z.int() }),
    )`select canon.normaliser_version() as version`;
    expect(row).toEqual({ version: 1 });
  });

  test('gives what it gave, for every letter alone, beside a plain one, and beside each kind of accent', async () => {
    const rows = await database.admin.transaction(async (sql) => {
      await sql.script(
        `create or replace function pg_temp.before(raw text) returns text language sql immutable return ${version1}`,
      );
      // The whole of the first plane, and every hundredth letter beyond; surrogates are no letters.
      return sql(found)`
        select raw, pg_temp.before(raw) as before, canon.fold_text(raw) as now
        from (
          select chr(i) as letter from generate_series(1, 65535) i where i not between 55296 and 57343
          union all select chr(i) from generate_series(65536, 1114111, 100) i
        ) letters
        cross join lateral (values (letter), (letter || 'aZ 9'), (letter || 'ñÁü'), (letter || 'Àç'), ('x' || letter || U&'\\3000')) texts (raw)
        where pg_temp.before(raw) is distinct from canon.fold_text(raw)`;
    });
    expect(rows).toEqual([]);
  });

  test('gives what it gave, for whatever text', async () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'aeiounAEIOUNáéíóúñüÁÉÍÓÚÑÜ'),
        fc.constantFrom(...'ÀÂÃÄÅàâãäåÈÊËèêëÌÎÏìîïÒÔÕÖòôõöÙÛùûÇç'),
        fc.constantFrom(...' -.\t\n\u0085\u00a0\u2007\u202f\u3000\u0301\u007f\u0080'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 30,
    });
    // PostgreSQL takes no zero character and no half of a pair.
    const texts = fc
      .sample(text, { numRuns: 20_000, seed: 25 })
      .map((value) => value.replaceAll('\0', '').toWellFormed());
    const rows = await database.admin.transaction(async (sql) => {
      await sql.script(
        `create or replace function pg_temp.before(raw text) returns text language sql immutable return ${version1}`,
      );
      return sql(found)`
        select raw, pg_temp.before(raw) as before, canon.fold_text(raw) as now
        from unnest(${texts}::text[] || array[null, '']) t (raw)
        where pg_temp.before(raw) is distinct from canon.fold_text(raw)`;
    });
    expect(rows).toEqual([]);
    const [kinds] = await database.admin.sql(
      z.strictObject({ plain: z.boolean(), spanish: z.boolean(), other: z.boolean() }),
    )`
      select bool_or(octet_length(raw) = length(raw)) as plain,
             bool_or(octet_length(raw) <> length(raw) and raw ~ '^[\\u0001-\\u007FáéíóúñüÁÉÍÓÚÑÜ]*$') as spanish,
             bool_or(octet_length(raw) <> length(raw) and raw !~ '^[\\u0001-\\u007FáéíóúñüÁÉÍÓÚÑÜ]*$') as other
      from unnest(${texts}::text[]) t (raw)`;
    expect(kinds).toEqual({ plain: true, spanish: true, other: true });
  });
});
