import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DatasetName, datasets } from '../../functions/cabinet/uploads/datasets.ts';
import { readUpload } from '../../functions/cabinet/uploads/read-upload.ts';
import type { Reject } from '../../functions/cabinet/uploads/rows.ts';
import { shapeOf } from '../../functions/cabinet/uploads/shape.ts';
import { InputError } from '../../functions/core/errors.ts';
import { table } from '../support/uploads.ts';

interface Read {
  readonly rows: (string | null)[][];
  readonly rejects: Reject[];
}

async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

async function read(
  file: string | Uint8Array,
  places: readonly number[] = [],
  dataset: DatasetName = 'leads',
): Promise<Read> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  const all: Read = { rows: [], rejects: [] };
  for await (const { rows, rejects } of readUpload(cut(bytes, places), datasets[dataset])) {
    all.rows.push(...rows.map(({ fields }) => [...fields]));
    all.rejects.push(...rejects);
  }
  return all;
}

const fieldsOf = (row: readonly (string | null)[], names: string) =>
  names.split(',').map((name) => row[datasets.leads.columns.findIndex((column) => column.name === name)]);

// What the grammar, a spreadsheet or an array of composite values could take for its own, beside ordinary characters.
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '"',
      ',',
      '\n',
      '\r',
      ' ',
      '\\',
      '(',
      ')',
      '=',
      '+',
      '-',
      '@',
      '\t',
      'Á',
      '𝒙',
      '\uFEFF',
      "'",
    ),
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((char) => char.isWellFormed() && !/[\0\uFFFD]/.test(char)),
  ),
  maxLength: 12,
});

describe('a table of values', () => {
  test('is read as it was written, however the file was cut', async () => {
    const names = 'lead_created_at,external_id,first_name,status,tariff';
    const row = fc.tuple(
      fc.constant('2026-01-05 10:00:00'),
      fc.option(fc.uuid()),
      fc.option(text),
      fc.option(text),
      fc.option(text),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (rows, places) => {
          const { rows: found, rejects } = await read(table(names, rows), places);
          expect(rejects).toEqual([]);
          // The empty text and NULL are one thing in these files.
          expect(found.map((each) => fieldsOf(each, names))).toEqual(
            rows.map((each) => each.map((value) => value || null)),
          );
        },
      ),
    );
  });

  test('is read the same with LF, with CRLF, with and without BOM and a last line end', async () => {
    const lines = ['external_id,lead_created_at', 'a,2026-01-05', '"b",2026-01-06'];
    const files = ['\n', '\r\n'].flatMap((end) =>
      ['', '\uFEFF'].flatMap((bom) => ['', end, end + end].map((last) => bom + lines.join(end) + last)),
    );
    for (const file of files) {
      const { rows } = await read(file);
      expect(rows.map((row) => row.slice(0, 2))).toEqual([
        ['a', '2026-01-05'],
        ['b', '2026-01-06'],
      ]);
    }
  });
});

describe('a cell', () => {
  const cells = async (column: string, value: string, dataset: DatasetName = 'leads') => {
    const whole = {
      leads: ['external_id,lead_created_at', 'x,2026-01-05'],
      trips: ['', ''],
      payments: ['', ''],
    }[dataset];
    const names = [...(whole[0] ?? '').split(','), column];
    const row = [...(whole[1] ?? '').split(','), value];
    return column === 'lead_created_at'
      ? read(table('external_id,lead_created_at', [['x', value]]))
      : read(table(names.join(','), [row]));
  };

  test.each([
    ['active_1', ['true', 'TRUE', '1', 'Yes', 't', 'Y'], 'true'],
    ['active_1', ['false', 'FALSE', '0', 'No', 'f', 'N'], 'false'],
  ])('of %s takes %j as %s', async (column, values, taken) => {
    for (const value of values)
      expect((await cells(column, value)).rows.map((row) => fieldsOf(row, column))).toEqual([[taken]]);
  });

  test.each([
    ['active_1', ['2', 'sí', 'verdadero', ' true', 'x']],
    [
      'last_active_date',
      ['2026-02-29', '05-01-2026', '2026-1-5', '2026-01-05 00:00:00', 'today', 'infinity'],
    ],
    [
      'lead_created_at',
      [
        '2026-02-30',
        '05/01/2026',
        '2026-01-05 24:00:00',
        '2026-01-05 10:00',
        '2026-01-05T10:00:00Z',
        '2026-01-05 10:00:00.1234567',
        '0000-01-01',
        'now',
      ],
    ],
    ['first_name', ['x'.repeat(501)]],
  ])('of %s takes none of %j', async (column, values) => {
    for (const value of values) {
      const { rows, rejects } = await cells(column, value);
      expect([rows, rejects]).toEqual([
        [],
        [{ line: 2, field: column, value, rule: expect.stringContaining('must be') }],
      ]);
    }
  });

  test('that is a key has no white space around it and 200 characters at most', async () => {
    for (const id of [' a', 'a\u00a0', 'x'.repeat(201)]) {
      const { rejects } = await read(table('external_id,lead_created_at', [[id, '2026-01-05']]));
      expect(rejects).toEqual([
        { line: 2, field: 'external_id', value: id, rule: expect.stringContaining('200') },
      ]);
    }
  });
});

test('every line is a row or is rejected, whatever is in the file', async () => {
  const names = 'external_id,lead_created_at,active_1';
  const cell = fc.oneof(text, fc.constantFrom('2026-01-05', 'true', '', 'x'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 10 }),
      async (lines) => {
        const wide = ['a', 'b', 'c', 'd'];
        const file =
          table(names, []) +
          lines
            .map((line) =>
              table(wide.slice(0, line.length).join(','), [line]).split('\r\n').slice(1).join('\r\n'),
            )
            .join('');
        const { rows, rejects } = await read(file);
        expect(rows.length + new Set(rejects.map(({ line }) => line)).size).toBe(lines.length);
      },
    ),
  );
});

test('any bytes at all are rows or a sentence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (bytes, headed) => {
      const file = headed ? Buffer.concat([Buffer.from('external_id,lead_created_at\n'), bytes]) : bytes;
      await read(file).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
    }),
  );
});

test('of a value only its shape is kept', () => {
  expect(shapeOf('+51 977-130-991')).toBe('+99 999-999-999');
  expect(shapeOf('Ángel Ñuñez 3º')).toBe('Aaaaa Aaaaa 9a');
  expect(shapeOf('a\u0000b\u{1F600}')).toBe(`a?a\u{1F600}`);
  expect(shapeOf('7'.repeat(100))).toBe(`${'9'.repeat(40)}…`);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => !/[0-8b-zB-Z]/.test(shapeOf(value))));
});
