import { beforeEach, describe, expect, test } from 'vitest';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import type { Database } from '../../../functions/core/database.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { counts, table, take } from '../../support/uploads.ts';
import { ask, emptied } from './relation.ts';

const header = 'driver_id,date_file,count_orders_completed,sum_work_time_seconds,created_at';

describe.each(versions)('a file of trips on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let operator: Database;
  const trips = (...rows: (string | null)[][]) => take(operator, 'trips', table(header, rows));
  const load = () => runJob(database, tripsLoad, { asOf: '2026-01-13' });
  const facts = () =>
    ask(database.admin, `select driver_id, trip_date, trips from canon.driver_day_trips order by 1, 2`);

  beforeEach(async () => {
    operator ??= database.connect('cuadre_operator');
    await database.admin.script(emptied);
  });

  const stated = [
    ['d1', '05-01-2026', '3', '1500', '2026-01-06 01:00:00'],
    ['d1', '05-01-2026', '7', null, '2026-01-07 01:00:00'],
    ['d1', '05-01-2026', '4', '1500.0', '2026-01-07 01:00:00'],
    ['d2', '05-01-2026', '0', '0', '2026-01-06'],
  ];

  test('is added as it is, once, and the latest row of a driver and day counts, then the larger', async () => {
    expect(counts(await trips(...stated, ...stated.slice(0, 1)))).toEqual({ inserted: 4, ignored: 1 });
    expect(counts(await trips(...stated.toReversed()))).toEqual({ ignored: 4 });
    await load();
    expect(await facts()).toEqual(['d1 | 2026-01-05 | 7', 'd2 | 2026-01-05 | 0']);
  });

  test('makes the same facts whatever the order of its lines', async () => {
    await trips(...stated);
    await load();
    const first = await facts();
    await database.admin.script(emptied);
    await trips(...stated.toReversed());
    await load();
    expect(await facts()).toEqual(first);
  });

  test('is recognised without the column that it leaves out', async () => {
    await trips(...stated.slice(0, 1));
    const fewer =
      'driver_id,date_file,count_orders_completed,created_at\nd1,05-01-2026,3,2026-01-06 01:00:00\n';
    expect(counts(await take(operator, 'trips', fewer))).toEqual({ ignored: 1 });
  });

  test('that comes late is loaded too, however old its rows are', async () => {
    await trips(['d1', '05-01-2026', '3', null, '2026-01-06 01:00:00']);
    await load();
    await trips(
      ['d1', '05-11-2025', '9', null, '2025-11-06 01:00:00'],
      ['d1', '05-01-2026', '1', null, '2025-12-31'],
    );
    await load();
    expect(await facts()).toEqual(['d1 | 2025-11-05 | 9', 'd1 | 2026-01-05 | 3']);
  });

  test.each([
    ['no driver', [null, '05-01-2026', '1', null, '2026-01-06'], 'driver_id', 'must not be empty'],
    ['no day', ['d1', null, '1', null, '2026-01-06'], 'date_file', 'must not be empty'],
    ['a day that does not exist', ['d1', '31-02-2025', '1', null, '2026-01-06'], 'date_file', 'DD-MM-YYYY'],
    ['a day the other way round', ['d1', '2026-01-05', '1', null, '2026-01-06'], 'date_file', 'DD-MM-YYYY'],
    [
      'no count',
      ['d1', '05-01-2026', null, null, '2026-01-06'],
      'count_orders_completed',
      'must not be empty',
    ],
    [
      'a negative count',
      ['d1', '05-01-2026', '-1', null, '2026-01-06'],
      'count_orders_completed',
      'from 0 to',
    ],
    [
      'a count too large',
      ['d1', '05-01-2026', '2147483648', null, '2026-01-06'],
      'count_orders_completed',
      'from 0 to',
    ],
    [
      'seconds that are no number',
      ['d1', '05-01-2026', '1', 'NaN', '2026-01-06'],
      'sum_work_time_seconds',
      'decimal',
    ],
    ['no moment', ['d1', '05-01-2026', '1', null, null], 'created_at', 'must not be empty'],
    [
      'a moment with an offset',
      ['d1', '05-01-2026', '1', null, '2026-01-06 00:00:00Z'],
      'created_at',
      'without an offset',
    ],
    ['a driver with a blank', ['d1 ', '05-01-2026', '1', null, '2026-01-06'], 'driver_id', 'white space'],
  ])('has a row with %s rejected, and the others taken', async (_what, row, field, rule) => {
    const taken = await trips(row, ...stated.slice(3));
    expect(counts(taken)).toEqual({ inserted: 1, rejected: 1 });
    expect(taken.errors).toEqual([
      { line: 2, field, value: row[header.split(',').indexOf(field)], rule: expect.stringContaining(rule) },
    ]);
  });

  test('has a row of another width rejected', async () => {
    const taken = await take(
      operator,
      'trips',
      `${header}\r\nd1,05-01-2026,1,,2026-01-06,\r\nd1,05-01-2026\r\n`,
    );
    expect(taken.errors).toEqual(
      [6, 2].map((fields, index) => ({
        line: 2 + index,
        field: null,
        value: null,
        rule: `the row must have 5 fields, it has ${fields}`,
      })),
    );
  });
});
