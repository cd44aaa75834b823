import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseArray, toIsoUtc } from '../../functions/core/database/parsers.ts';
import { settingsOf } from '../../functions/core/database/settings.ts';
import { json, makeSql, type Row, type Statement } from '../../functions/core/database/statement.ts';

/** A Sql that remembers what it was asked and answers with the given rows. */
function recorder(rows: readonly Row[] = []) {
  const asked: Statement[] = [];
  const sql = makeSql(
    async (statement) => {
      asked.push(statement);
      return { rows, count: rows.length, command: 'SELECT' };
    },
    (promise) => promise,
  );
  return { asked, sql };
}

describe('parameters', () => {
  test('become numbered text, and starting needs no await', () => {
    const { asked, sql } = recorder();
    void sql`select ${'a'}, ${1.5}, ${7n}, ${true}, ${null}, ${json({ a: [1] })}`;
    expect(asked).toEqual([
      {
        text: 'select $1, $2, $3, $4, $5, $6',
        parameters: ['a', '1.5', '7', 'true', null, '{"a":[1]}'],
        script: false,
      },
    ]);
  });

  test('arrays become array text, whatever stands in them', async () => {
    const { asked, sql } = recorder();
    await sql`select ${[]}, ${['a,b', 'say "x"', 'back\\slash', 'NULL', '', null]}, ${[1, 2n, false]}`;
    expect(asked[0]?.parameters).toEqual([
      '{}',
      '{"a,b","say \\"x\\"","back\\\\slash","NULL","",NULL}',
      '{"1","2","false"}',
    ]);
  });

  test.each([
    ['undefined: pass null', undefined],
    ['a Date: pass a string', new Date(0)],
    ['a Object: pass a string', { a: 1 }],
    ['NaN: pass a string', Number.NaN],
    ['Infinity: pass a string', Number.POSITIVE_INFINITY],
    ['undefined: pass null', ['a', undefined]],
  ])('%s', async (says, value) => {
    const { asked, sql } = recorder();
    // @ts-expect-error Most of these are refused by the compiler already; here is what JavaScript would see.
    await expect(sql`select 1 where x = ${'secret'} and y = ${value}`).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'PARAMETER',
      message: `parameter $2 of "select 1 where x = $1 and y = $2" is ${says}`,
    });
    expect(asked).toEqual([]);
  });

  test('what has no JSON form is no JSON parameter', () => {
    expect(() => json(undefined)).toThrow('undefined has no JSON form');
  });
});

describe('rows', () => {
  const row = z.strictObject({ id: z.int(), amount: z.string(), tags: z.array(z.string()) });

  test('are what the schema makes of them', async () => {
    const { sql } = recorder([{ id: 1 }, { id: 2 }]);
    const doubled = z.strictObject({ id: z.int().transform((id) => id * 2) });
    expect(await sql(doubled)`select id from t`).toEqual([{ id: 2 }, { id: 4 }]);
    expect(await sql`update t`).toBe(2);
  });

  test('that do not match name the row, the column, the value and the statement, without parameters', async () => {
    const good = { id: 1, amount: '1.00', tags: [] };
    const { sql } = recorder([good, { ...good, amount: 1, tags: ['x'.repeat(100), 5], extra: true }]);
    await expect(sql(row)`
        select id, amount, tags from t where phone = ${'999'} and name = ${'ana'} and origin = ${'cabinet'} order by id`).rejects.toMatchObject(
      {
        name: 'PermanentError',
        code: 'ROW_SHAPE',
        message:
          'row 2 of "select id, amount, tags from t where phone = $1 and name = $2 and origin = $3 o…": ' +
          'amount: Invalid input: expected string, received number, got 1; ' +
          'tags.1: Invalid input: expected string, received number, got 5; ' +
          'Unrecognized key: "extra"',
      },
    );
  });
});

describe('PostgreSQL text', () => {
  test.each([
    ['2026-01-13 07:00:00+00', '2026-01-13T07:00:00Z'],
    ['2026-01-13 07:00:00.123456+00', '2026-01-13T07:00:00.123456Z'],
    ['2026-01-13 02:00:00.5-05', '2026-01-13T07:00:00.5Z'],
    ['2026-01-13 00:30:00+05:45', '2026-01-12T18:45:00Z'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
    ['0044-03-15 00:00:00+00 BC', '0044-03-15 00:00:00+00 BC'],
  ])('timestamptz %s is %s', (text, iso) => expect(toIsoUtc(text)).toBe(iso));

  test.each<[string, unknown]>([
    ['{}', []],
    ['{1,NULL,3}', [1, null, 3]],
    [
      '{{1,2},{3,4}}',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['[0:1]={1,2}', [1, 2]],
  ])('array %s', (text, array) => expect(parseArray(text, Number)).toEqual(array));

  test('quoted elements keep their commas, braces, quotes and the word NULL', () => {
    const text = '{"a,b","{c}","say \\"x\\"","back\\\\slash","NULL","",plain text,"new\nline"}';
    expect(parseArray(text, String)).toEqual([
      'a,b',
      '{c}',
      'say "x"',
      'back\\slash',
      'NULL',
      '',
      'plain text',
      'new\nline',
    ]);
  });
});

describe('settings', () => {
  test('come from the URL, and fields win over it', () => {
    const url = 'postgresql://us%40er:p%2Fw@db.example:6000/my%20db?sslmode=disable&application_name=x';
    expect(settingsOf({ url })).toMatchObject({
      host: 'db.example',
      port: 6000,
      database: 'my db',
      user: 'us@er',
      applicationName: 'x',
      tls: undefined,
      max: 1,
      prepare: true,
    });
    expect(settingsOf({ url, host: 'other', user: undefined, tls: true })).toMatchObject({
      host: 'other',
      user: 'us@er',
      tls: {},
    });
  });

  test.each([
    [{ host: '127.0.0.1' }, undefined],
    [{ host: 'localhost' }, undefined],
    [{ url: 'postgres://u@[::1]/d' }, undefined],
    [{ host: 'db.example' }, {}],
    [{ url: 'postgres://u@db.example/d?sslmode=require' }, {}],
    [{ host: 'db.example', tls: false }, undefined],
    [{ host: '127.0.0.1', tls: { ca: 'x' } }, { ca: 'x' }],
  ])('%o speaks TLS: %o', (options, tls) => {
    expect(settingsOf({ database: 'd', ...options }).tls).toEqual(tls);
  });

  test.each([
    [{}, 'host: is needed to connect to PostgreSQL; database: is needed to connect to PostgreSQL'],
    [{ url: 'postgres://u@h' }, 'database: is needed to connect to PostgreSQL'],
    [{ url: 'mysql://u:pw@h/d' }, 'database URL: must begin with postgres://'],
    [{ url: 'nonsense' }, 'database URL: is not a URL, e.g. postgres://user@host:5432/database'],
    [
      { url: 'postgres://u:pw@h/d?sslcert=x' },
      'database URL: has an unknown parameter sslcert; known: sslmode, application_name',
    ],
  ])('%o is refused', (options, message) => {
    expect(() => settingsOf(options)).toThrow(message);
    expect(() => settingsOf(options)).not.toThrow(/pw/);
  });
});
