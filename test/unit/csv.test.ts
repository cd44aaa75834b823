import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pagesOf } from '../../functions/api/collections/cursor-pages.ts';
import { type Cell, type CsvColumn, csvHeader, csvRow } from '../../functions/core/csv.ts';
import { csvAttachment } from '../../functions/core/csv-attachment.ts';
import { TooLargeError } from '../../functions/core/errors.ts';
import { endpoint, noParameters } from '../../functions/core/http.ts';
import { httpEvent } from '../support/http.ts';

type Row = readonly Cell[];
const columns: readonly CsvColumn<Row>[] = [
  { header: 'Texto', kind: 'text', of: ([text = null]) => text },
  { header: 'Número', kind: 'plain', of: ([, plain = null]) => plain },
  { header: '¿Sí?', kind: 'flag', of: ([, , flag = null]) => flag },
];

/** Fields by the letter of RFC 4180, another way than the writer's: every record ends in CRLF. */
function read(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) throw new Error('not RFC 4180');
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === ',') continue;
    records.push(fields);
    fields = [];
  }
  return records;
}

const nasty = fc.string({
  unit: fc.constantFrom('a', 'ñ', '👤', ',', '"', '\r', '\n', '=', '+', '-', '@', '\t', ' ', "'"),
});

describe('CSV', () => {
  test('what is written is read again, but for the guard before a formula', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.option(nasty),
            fc.option(fc.oneof(fc.integer(), fc.constant('-12.50'))),
            fc.option(fc.boolean()),
          ),
        ),
        (rows) => {
          const [, ...records] = read(csvHeader(columns) + rows.map((row) => csvRow(columns, row)).join(''));
          expect(records).toEqual(
            rows.map(([text, plain, flag]) => [
              text === null ? '' : /^[=+\-@\t\r]/.test(text) ? `'${text}` : text,
              plain === null ? '' : String(plain),
              flag === null ? '' : flag ? 'Sí' : 'No',
            ]),
          );
        },
      ),
    );
  });

  test('no text cell begins as a formula does', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const [[cell = ''] = []] = read(csvRow(columns, [text, 1, true]));
        expect(cell).not.toMatch(/^[=+\-@\t\r]/);
      }),
    );
  });

  test('BOM, CRLF, Sí and No; quotes only where needed; numbers keep their sign', () => {
    expect(csvHeader(columns)).toBe('\uFEFFTexto,Número,¿Sí?\r\n');
    expect(csvRow(columns, ['=1+1', '-12.50', true])).toBe("'=1+1,-12.50,Sí\r\n");
    expect(csvRow(columns, ['Núñez, "Pepe"', null, false])).toBe('"Núñez, ""Pepe""",,No\r\n');
  });
});

test('a cursor is read until a page is not full, the empty page after a full one included', async () => {
  const served: number[] = [];
  const sizes = [5000, 5000, 0];
  const pages = pagesOf(async () => Array.from({ length: sizes.shift() ?? -1 }, (_, n) => n));
  for await (const page of pages) served.push(page.length);
  expect([served, sizes]).toEqual([[5000, 5000], []]);
});

describe('a CSV answer', () => {
  const event = httpEvent(
    endpoint({
      method: 'GET',
      route: '/x',
      summary: 'x',
      query: noParameters,
      path: noParameters,
      answer: { csv: columns },
      run: () => Promise.reject(new Error('not called')),
    }),
    {},
  );
  async function* pages(rows: number, text: string, served: { n: number } = { n: 0 }): AsyncGenerator<Row[]> {
    for (let left = rows; left > 0; left -= 1000) {
      served.n += 1;
      yield Array.from({ length: Math.min(left, 1000) }, () => [text, 1, true]);
    }
  }
  const answer = (rows: number, text = 'x', served?: { n: number }) =>
    csvAttachment(event, { columns, pages: pages(rows, text, served), name: 'f', maxRows: 200_000 });

  test('of no rows is the header', async () => {
    const { body, headers } = await answer(0);
    expect(body).toBe(csvHeader(columns));
    expect(headers?.['x-row-count']).toBe('0');
  });

  test('holds 200,000 rows and refuses 200,001', async () => {
    expect((await answer(200_000)).headers?.['x-row-count']).toBe('200000');
    await expect(answer(200_001)).rejects.toMatchObject({ code: 'EXPORT_TOO_MANY_ROWS' });
  });

  test('fits into what Lambda may answer, counted as it travels; reads no further once it does not', async () => {
    // A quote is four bytes on its way: doubled by CSV, each escaped by JSON. An emoji is four, an accent two.
    for (const text of ['"'.repeat(500), 'ñ'.repeat(500), '👤'.repeat(500)]) {
      const perRow = Buffer.byteLength(JSON.stringify(csvRow(columns, [text, 1, true]))) - 2;
      const most = Math.floor((6_291_556 - 9_000) / perRow);
      const whole = await answer(most, text);
      expect(Buffer.byteLength(JSON.stringify(whole))).toBeLessThanOrEqual(6_291_556);
      const served = { n: 0 };
      await expect(answer(most * 10, text, served)).rejects.toThrow(TooLargeError);
      expect(served.n).toBeLessThanOrEqual(Math.ceil((most + 1000) / 1000));
    }
  });

  test('names file, digest and version; by the time in Lima', async () => {
    const { headers } = await answer(1);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="f_20260113_0700.csv"',
      'content-digest': expect.stringMatching(/^sha-256=:[A-Za-z0-9+/]{43}=:$/),
      etag: expect.stringMatching(/^".+"$/),
    });
  });
});
