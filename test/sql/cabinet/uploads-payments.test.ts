import { beforeEach, describe, expect, test } from 'vitest';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import type { Database } from '../../../functions/core/database.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { counts, table, take } from '../../support/uploads.ts';
import { ask, emptied } from './relation.ts';

const header = 'id,date,time,scout_id,driver,trip_1,trip_5,trip_25';

describe.each(versions)('a file of payments on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let operator: Database;
  const payments = (...rows: (string | null)[][]) => take(operator, 'payments', table(header, rows));
  const rows = () =>
    ask(
      database.admin,
      'select id, date, time, scout_id, driver, trip_1, trip_5, trip_25 from public.module_ct_cabinet_payments order by 1',
    );

  beforeEach(async () => {
    operator ??= database.connect('cuadre_operator');
    await database.admin.script(emptied);
  });

  const stated = [
    ['1', '2026-01-05', '14:21:56', '7', 'Ana Paz', 'true', 'false', null],
    ['2', null, null, null, '=HYPERLINK("x")', 'y', null, null],
  ];

  test('is taken once, and the ledger takes it from there', async () => {
    expect(counts(await payments(...stated))).toEqual({ inserted: 2 });
    expect(await rows()).toEqual([
      '1 | 2026-01-05 | 14:21:56 | 7 | Ana Paz | true | false | -',
      '2 | - | - | - | =HYPERLINK("x") | true | - | -',
    ]);
    expect(counts(await payments(...stated.toReversed()))).toEqual({ ignored: 2 });
    const { report } = await runJob(database, paymentsIngest, { asOf: '2026-01-13' });
    expect(report).toMatchObject({ source_rows: 2, payments: 3, recorded: 3 });
  });

  test('leaves a payment that is there as it is, and says what the file has otherwise', async () => {
    await payments(...stated);
    const before = await rows();
    const taken = await payments(
      ['1', '2026-01-05', '14:21:56', '7', 'Ana  Paz', 'true', 'true', null],
      ...stated.slice(1),
    );
    expect([counts(taken), taken.differences]).toEqual([
      { different: 1, ignored: 1 },
      [
        {
          line: 2,
          field: 'driver, trip_5',
          value: null,
          rule: 'the payment is there with other content, which stays',
        },
      ],
    ]);
    expect(await rows()).toEqual(before);
  });

  test('that says two things of one payment has both lines rejected', async () => {
    const taken = await payments(...stated, ['1', '2026-01-05', null, null, 'Ana Paz', 'true', null, null]);
    expect([counts(taken), taken.errors.map(({ line, field }) => [line, field])]).toEqual([
      { inserted: 1, rejected: 2 },
      [
        [2, 'id'],
        [4, 'id'],
      ],
    ]);
  });

  test.each([
    ['nobody', ['1', null, null, null, null, 'true', null, null], 'driver'],
    ['a blank', ['1', null, null, null, '  ', 'true', null, null], 'driver'],
  ])('has a row that names %s rejected: it is no payment yet', async (_what, row, field) => {
    const taken = await take(operator, 'payments', table(`${header},driver_id`, [[...row, null]]));
    expect([counts(taken), taken.errors[0]?.field]).toEqual([{ rejected: 1 }, `${field}, driver_id`]);
    const named = await take(operator, 'payments', table(`${header},driver_id`, [[...row, 'd1']]));
    expect(counts(named)).toEqual({ inserted: 1 });
  });

  test.each([
    ['id', '9223372036854775808'],
    ['id', '1.0'],
    ['date', '2026-02-29'],
    ['time', '24:00:00'],
    ['scout_id', 'seven'],
    ['trip_5', 'quizá'],
  ])('has a row with the %s %s rejected', async (field, value) => {
    const row = ['1', '2026-01-05', null, null, 'Ana', 'true', null, null];
    const taken = await payments(row.with(header.split(',').indexOf(field), value));
    expect([counts(taken), taken.errors]).toEqual([
      { rejected: 1 },
      [expect.objectContaining({ line: 2, field, value })],
    ]);
  });

  test('may not say who a person is', async () => {
    await expect(take(operator, 'payments', `${header},person_key\n`)).rejects.toThrow(
      'is not a column of a payments file',
    );
  });
});
