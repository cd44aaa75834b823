import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { datasetTables } from '../../infra/local/data/format.ts';
import { DatasetError, loadDataset } from '../../infra/local/data/load.ts';
import { testDatabase } from '../support/database.ts';
import {
  ana,
  at,
  bob,
  type Contents,
  claim,
  claims,
  headerOf,
  leads,
  makeDataset,
  person,
  registry,
  rule,
  rules,
  trips,
} from '../support/dataset.ts';

describe('a data set with something wrong in it', () => {
  const database = testDatabase();

  const load = async (contents: Contents) => loadDataset(database.admin, await makeDataset(contents));

  /** What the error lists; it is also made sure that nothing was loaded. */
  async function problemsOf(contents: Contents): Promise<unknown> {
    const error = await load(contents).catch((thrown: unknown) => thrown);
    if (!(error instanceof DatasetError)) throw new Error(`not a DatasetError: ${String(error)}`);
    const filled = await database.admin.sql(z.strictObject({ n: z.string() }))`
      select sum((xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || name, false, true, '')))[1]::text::int) as n
      from unnest(${datasetTables.map(({ name }) => name)}::text[]) as t(name)`;
    expect(filled).toEqual([{ n: '0' }]);
    return error.problems;
  }

  const bad = (file: string, line: number, column: string, value: string | null, rule: string) => ({
    file,
    line,
    column,
    value,
    rule,
  });

  test.each<[what: string, contents: Contents, problems: unknown[]]>([
    ['a missing file', { [leads]: null }, [{ file: leads, rule: 'the file is missing' }]],
    [
      'a file too many',
      { 'public.driver.csv': 'id\n' },
      [{ file: 'public.driver.csv', rule: 'no table of a data set has this name' }],
    ],
    [
      'an empty file',
      { [trips]: '' },
      [{ file: trips, line: 1, rule: 'the header is missing: the file is empty' }],
    ],
    [
      'columns that are missing, unknown and named twice',
      { [trips]: 'driver_id,date_file,driver_id,trips,created_at\n' },
      [
        { file: trips, line: 1, column: 'count_orders_completed', rule: 'the header lacks this column' },
        { file: trips, line: 1, column: 'sum_work_time_seconds', rule: 'the header lacks this column' },
        { file: trips, line: 1, column: 'trips', rule: 'the table has no such column' },
        { file: trips, line: 1, column: 'driver_id', rule: 'the header names this column twice' },
      ],
    ],
    [
      'rows too short and too long',
      { [trips]: `${headerOf(trips)}\na,b,1,2\n\na,b,1,2,${at},x\n` },
      [
        { file: trips, line: 2, value: 'a,b,1,2', rule: 'the row must have 5 fields, it has 4' },
        { file: trips, line: 3, value: '', rule: 'the row must have 5 fields, it has 1' },
        { file: trips, line: 4, value: `a,b,1,2,${at},x`, rule: 'the row must have 5 fields, it has 6' },
      ],
    ],
    [
      'a byte order mark',
      { [trips]: `\uFEFF${headerOf(trips)}\n` },
      [{ file: trips, line: 1, value: '\uFEFF', rule: 'the file must not begin with a byte order mark' }],
    ],
    [
      'a NUL',
      { [trips]: `${headerOf(trips)}\na,b,1,2,\nc,d\0,1,2,\n` },
      [bad(trips, 3, 'date_file', 'd', 'a NUL character is not allowed')],
    ],
    [
      'bytes that are not UTF-8',
      {
        [trips]: Buffer.concat([
          Buffer.from(`${headerOf(trips)}\n"á\n`),
          Buffer.from([0xe1]),
          Buffer.from('",b,1,2,\n'),
        ]),
      },
      [bad(trips, 3, 'driver_id', 'byte 0xe1', 'the file must be UTF-8')],
    ],
    [
      'line ends of another system',
      { [trips]: `${headerOf(trips)}\r\na,b,1,2,\r\n` },
      [{ file: trips, line: 1, value: 'created_at', rule: 'lines must end with LF alone, not CR or CRLF' }],
    ],
    [
      'values that are none, of each row every one',
      { [trips]: `${headerOf(trips)}\na,99-99-9999,1.5,many,yesterday\nb,,,,\n"c\nd",,1e3,,\ne,,2,,\n` },
      [
        bad(
          trips,
          2,
          'count_orders_completed',
          '1.5',
          'must be a whole number from -2147483648 to 2147483647',
        ),
        bad(trips, 2, 'sum_work_time_seconds', 'many', 'must be a decimal number'),
        bad(
          trips,
          2,
          'created_at',
          'yesterday',
          'must be a date and time that exist, as YYYY-MM-DD HH:MM:SS without an offset',
        ),
        bad(
          trips,
          4,
          'count_orders_completed',
          '1e3',
          'must be a whole number from -2147483648 to 2147483647',
        ),
      ],
    ],
    [
      'a value that is absent where there must be one',
      { [registry]: [person(ana), { ...person(bob), updated_at: '' }] },
      [bad(registry, 3, 'updated_at', null, 'must not be empty')],
    ],
    [
      'an amount that would have to be rounded, and a status that does not exist',
      { [registry]: [person(ana)], [claims]: [claim({ amount_expected: '25.005', status: 'open' })] },
      [
        bad(
          claims,
          2,
          'amount_expected',
          '25.005',
          'must be a decimal number of at most 10 digits before the point and 2 after it',
        ),
        bad(claims, 2, 'status', 'open', 'must be one of expected, generated, paid, rejected, expired'),
      ],
    ],
    [
      'a primary key twice',
      { [registry]: [person(ana), person(bob), person(ana), person(ana)] },
      [
        bad(registry, 4, 'person_key', ana, 'must be unique, line 2 has the same'),
        bad(registry, 5, 'person_key', ana, 'must be unique, line 2 has the same'),
      ],
    ],
    [
      'a key of several columns twice',
      {
        [registry]: [person(ana)],
        [claims]: [
          claim({}),
          claim({ claim_id: '2', milestone: '5', amount_expected: '35.00' }),
          claim({ claim_id: '3' }),
        ],
      },
      [
        bad(
          claims,
          4,
          'person_key, lead_date, milestone',
          `${ana}, 2026-01-05, 1`,
          'must be unique, line 2 has the same',
        ),
      ],
    ],
    [
      'a key that is unique only where it is filled',
      {
        [leads]: `${headerOf(leads)}\n${[
          ['1', 'x'],
          ['2', '""'],
          ['3', '""'],
          ['4', ''],
          ['5', ''],
          ['6', 'x'],
        ]
          .map((fields) => `${fields.join(',')}${','.repeat(22)}\n`)
          .join('')}`,
      },
      [bad(leads, 7, 'external_id', 'x', 'must be unique, line 2 has the same')],
    ],
    [
      'a key into another file',
      { [registry]: [person(bob)], [claims]: [claim({})] },
      [bad(claims, 2, 'person_key', ana, 'must be one of canon.identity_registry(person_key)')],
    ],
    [
      'a person whom nobody knows, where the database itself has no key',
      {
        [registry]: [person(bob)],
        'observational.lead_ledger.csv': [{ person_key: ana, updated_at: `${at}Z` }],
      },
      [
        bad(
          'observational.lead_ledger.csv',
          2,
          'person_key',
          ana,
          'must be one of canon.identity_registry(person_key)',
        ),
      ],
    ],
    [
      'a key into a table that no file fills',
      { [registry]: [person(ana)], [claims]: [claim({ milestone: '7' })] },
      [bad(claims, 2, 'milestone', '7', 'must be one of canon.cabinet_milestones(milestone)')],
    ],
    [
      "a rule of the table's own",
      {
        [registry]: [person(ana)],
        [rules]: [
          rule({ valid_to: '2025-10-31' }),
          rule({ id: '2', milestone_trips: '5', window_days: '0' }),
        ],
        [claims]: [claim({ status: 'paid' })],
      },
      [
        bad(
          rules,
          2,
          'valid_to, valid_from',
          '2025-10-31, 2025-11-01',
          'must satisfy (valid_to >= valid_from)',
        ),
        bad(rules, 3, 'window_days', '0', 'must satisfy (window_days > 0)'),
        bad(
          claims,
          2,
          'status, paid_at',
          'paid',
          "must satisfy ((status <> 'paid'::canon.claimstatus) OR (paid_at IS NOT NULL))",
        ),
      ],
    ],
    [
      'several files at once',
      { [leads]: null, [trips]: `${headerOf(trips)}\na,b,x,,\n`, [registry]: [person('nobody')] },
      [
        { file: leads, rule: 'the file is missing' },
        bad(trips, 2, 'count_orders_completed', 'x', 'must be a whole number from -2147483648 to 2147483647'),
        bad(registry, 2, 'person_key', 'nobody', 'must be a UUID'),
      ],
    ],
  ])('%s', async (_, contents, problems) => {
    const found = await problemsOf(contents);
    expect(found).toEqual(expect.arrayContaining(problems));
    expect(found).toHaveLength(problems.length);
  });

  test('is told in lines that name file, line, column, rule and value', async () => {
    const contents = {
      [leads]: null,
      [trips]: `${headerOf(trips)}\na,b,"x\n${'y'.repeat(200)}",,\n`,
      [registry]: [person('')],
    };
    await expect(load(contents)).rejects.toThrow(
      [
        'nothing was loaded:',
        'public.module_ct_cabinet_leads.csv: the file is missing',
        `public.summary_daily.csv:2 count_orders_completed: must be a whole number from -2147483648 to 2147483647, got "x\\n${'y'.repeat(77)}…"`,
        'canon.identity_registry.csv:2 person_key: must not be empty, it is empty',
      ].join('\n  '),
    );
  });

  test('is read no further than its hundredth problem', async () => {
    const rows = Array.from({ length: 150 }, () => 'a,b,x,,\n').join('');
    const found = await problemsOf({ [trips]: `${headerOf(trips)}\n${rows}` });
    expect(found).toHaveLength(100);
    await expect(load({ [trips]: `${headerOf(trips)}\n${rows}` })).rejects.toThrow(
      'these are the first 100; there may be more',
    );
  });

  test('a file that cannot be read', async () => {
    const directory = await makeDataset({ [leads]: null });
    await mkdir(join(directory, leads));
    await expect(loadDataset(database.admin, directory)).rejects.toThrow(`${leads}: cannot be read: EISDIR`);
  });

  test('that is not there', async () => {
    await expect(loadDataset(database.admin, '/nowhere')).rejects.toThrow(
      '/nowhere: must be a directory that can be read',
    );
  });
});
