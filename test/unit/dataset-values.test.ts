import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { checkFor } from '../../functions/core/csv/values.ts';
import { testDatabase } from '../support/database.ts';

const cases: readonly (readonly [declared: string, good: readonly string[], bad: readonly string[]])[] = [
  ['boolean', ['true', 'false'], ['TRUE', 't', '1', 'yes', ' true', '']],
  ['smallint', ['32767', '-32768', '007'], ['32768', '-32769']],
  [
    'integer',
    ['0', '-2147483648', '2147483647'],
    ['2147483648', '1.0', '1e3', '+1', ' 1', '1 ', '0x1', '1_000', ''],
  ],
  [
    'bigint',
    ['9223372036854775807', '-9223372036854775808'],
    ['9223372036854775808', '99999999999999999999'],
  ],
  [
    'numeric',
    ['0', '-12.5', '12345678901234567890.123456789'],
    ['1e3', '.5', '5.', 'NaN', 'Infinity', '1,5', ''],
  ],
  [
    'numeric(12,2)',
    ['25.00', '-0.5', '9999999999.99', '0000000000000.10'],
    ['25.005', '10000000000.00', 'NaN'],
  ],
  [
    'date',
    ['2026-01-13', '2024-02-29', '0001-01-01'],
    [
      '2026-02-29',
      '2026-13-01',
      '0000-01-01',
      '13/01/2026',
      '2026-1-3',
      'today',
      'infinity',
      '2026-01-13 00:00:00',
    ],
  ],
  ['time', ['00:00:00', '23:59:59.999999'], ['24:00:00', '23:60:00', '9:00:00', '12:00', '12:00:00 PM']],
  [
    'timestamp',
    ['2026-01-13 23:59:59', '2026-01-13T00:00:00.5'],
    ['2026-01-13', '2026-02-30 00:00:00', '2026-01-13 24:00:00', '2026-01-13 00:00:00+00', 'now'],
  ],
  [
    'timestamptz',
    ['2026-01-13 23:59:59+00:00', '2026-01-13T00:00:00Z', '2026-01-13 00:00:00-05'],
    [
      '2026-01-13 23:59:59',
      '2026-01-13 00:00:00+15:00',
      '2026-02-30 00:00:00Z',
      '2026-01-13 00:00:00 America/Lima',
    ],
  ],
  [
    'uuid',
    ['bc8b335c-68bd-4e2a-904c-d3873e4e1a02', 'BC8B335C-68BD-4E2A-904C-D3873E4E1A02'],
    ['bc8b335c68bd4e2a904cd3873e4e1a02', '{bc8b335c-68bd-4e2a-904c-d3873e4e1a02}', 'x'],
  ],
  [
    'jsonb',
    ['{}', '"x"', '[1, null]', '{"a":"\\u00e1"}'],
    ['{', "{'a':1}", '', '"\\u0000"', '{"\\ud800":1}', '"\\udc00\\ud800"', 'NaN'],
  ],
  ['json', ['{"a": 1}'], ['{a: 1}']],
  ['text', ['', ' x ', '𝒙'], []],
  ['varchar', ['anything'], []],
  ['varchar(3)', ['abc', '𝒙𝒙𝒙'], ['abcd']],
  ['colour', ['red', 'dark blue'], ['blue', 'Red', '']],
];

describe('a value of a column', () => {
  const database = testDatabase({ empty: true });

  test.each(cases)('of type %s', async (declared, good, bad) => {
    await database.admin.script(
      `do $$ begin create type colour as enum ('red', 'dark blue'); exception when duplicate_object then null; end $$`,
    );
    const [column] = await database.admin.sql(z.strictObject({ type: z.string(), shown: z.string() }))`
      select case typtype when 'e' then 'enum' else typname end as type, ${declared} as shown
      from pg_type where oid = to_regtype(${declared})`;
    if (column === undefined) throw new Error(`no type ${declared}`);
    const labels = ['red', 'dark blue'];
    const check = checkFor({ name: 'c', type: column.type, declared: column.shown, required: false, labels });
    expect(good.filter((value) => check(value) !== undefined)).toEqual([]);
    expect(bad.filter((value) => check(value) === undefined)).toEqual([]);
    // What is let through must be a value for PostgreSQL too.
    for (const value of good) {
      await expect(
        database.admin.transaction((sql) =>
          sql.script(`select '${value.replaceAll("'", "''")}'::${declared}`),
        ),
      ).resolves.toBeUndefined();
    }
  });

  test('of a type that no data set has is a mistake of the program', () => {
    expect(() =>
      checkFor({ name: 'c', type: 'point', declared: 'point', required: false, labels: [] }),
    ).toThrow('column c is of type point, which no data set has');
  });
});
