import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvColumn, copyStatements, csvHeader, from, type Source } from '../../functions/core/csv.ts';
import { CsvFile } from '../../functions/core/csv-file.ts';
import { type CopiedRows, json, type Transaction, withCrlf, withLf } from '../../functions/core/database.ts';
import { testDatabase, versions } from '../support/database.ts';

type Row = readonly [text: string | null, word: string | null, plain: string | null, flag: boolean | null];

const columns: readonly CsvColumn[] = [
  { header: 'Texto', kind: 'text', sql: 'value ->> 0' },
  { header: 'Palabra', kind: 'word', sql: 'value ->> 1' },
  { header: 'Número', kind: 'plain', sql: '(value ->> 2)::numeric' },
  { header: '¿Sí?', kind: 'flag', sql: '(value ->> 3)::boolean' },
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

async function statementOf(sql: Transaction, given: readonly CsvColumn[], source: Source): Promise<string> {
  const [statement = ''] = await copyStatements(sql, given, [source]);
  return statement;
}

async function textOf(copied: AsyncIterable<CopiedRows>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const { bytes } of copied) pieces.push(bytes);
  return Buffer.concat(pieces).toString();
}

const crlf = (found: string) => (found === '\n' ? '\r\n' : found);

const nasty = fc.string({
  unit: fc.constantFrom(
    'a',
    'ñ',
    '👤',
    ',',
    '"',
    '\r',
    '\n',
    '=',
    '+',
    '-',
    '@',
    '\t',
    ' ',
    "'",
    '\\',
    '.',
    '$',
  ),
});
const cells = fc.tuple(
  fc.option(nasty),
  fc.option(nasty),
  fc.option(fc.constantFrom('0.00', '-12.50', '100')),
  fc.option(fc.boolean()),
);

describe.each(versions)('CSV written by PostgreSQL %i', (version) => {
  const database = testDatabase({ version, empty: true });

  const write = (rows: readonly Row[], maxRows = 1_000_000) =>
    database.admin.transaction(async (sql) => {
      const source = from`jsonb_array_elements(${json(rows).text}::jsonb) with ordinality as given (value, n) order by n`;
      const statement = await statementOf(sql, columns, source);
      const whole = async (copied: AsyncIterable<CopiedRows>) => {
        const file = new CsvFile(columns, copied, maxRows);
        const pieces: Buffer[] = [];
        for await (const piece of file.bytes()) pieces.push(Buffer.from(piece));
        return { text: Buffer.concat(pieces).toString(), rows: file.rows, digest: file.digest() };
      };
      return sql.copy(statement, withCrlf, whole);
    });

  /** By COPY's own CSV; its line ends are the only thing left to do. */
  const byServer = (rows: readonly Row[]) =>
    database.admin.transaction(async (sql) => {
      const source = from`jsonb_array_elements(${json(rows).text}::jsonb) with ordinality as given (value, n) order by n`;
      const statement = await statementOf(sql, columns, source);
      const csv = statement.replace(/\(format text[^)]*\)$/, '(format csv)');
      expect(csv).not.toBe(statement);
      return (
        csvHeader(columns).toString() + (await sql.copy(csv, withLf, textOf)).replace(/"[^"]*"|\n/g, crlf)
      );
    });

  test('is read again as it was, but for the guard before a formula', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cells), async (rows) => {
        const { text, rows: counted } = await write(rows);
        expect(text.startsWith('\uFEFFTexto,')).toBe(true);
        const [, ...records] = read(text.slice(1));
        expect(counted).toBe(rows.length);
        expect(records).toEqual(
          rows.map(([typed, word, plain, flag]) => [
            typed === null ? '' : /^[=+\-@\t\r]/.test(typed) ? `'${typed}` : typed,
            word ?? '',
            plain ?? '',
            flag === null ? '' : flag ? 'Sí' : 'No',
          ]),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('is what COPY writes as CSV, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cells), async (rows) => {
        expect((await write(rows)).text).toBe(await byServer(rows));
      }),
      { numRuns: 50 },
    );
  });

  test('is this, byte for byte', async () => {
    const { text } = await write([
      ['=1+1', 'X', '-12.50', true],
      ['Núñez, "Pepe"', '', null, false],
      ['', null, '0.00', null],
      ['dos\nlíneas', '-', '1', true],
      ["'ya", '=x', '2', true],
    ]);
    expect(text).toBe(
      '\uFEFFTexto,Palabra,Número,¿Sí?\r\n' +
        "'=1+1,X,-12.50,Sí\r\n" +
        '"Núñez, ""Pepe""",,,No\r\n' +
        ',,0.00,\r\n' +
        '"dos\nlíneas",-,1,Sí\r\n' +
        "'ya,=x,2,Sí\r\n",
    );
  });

  test('of nothing is its header', async () => {
    expect(await write([])).toMatchObject({ text: '\uFEFFTexto,Palabra,Número,¿Sí?\r\n', rows: 0 });
  });

  test('of a row too many is refused, and the connection goes on', async () => {
    const row: Row = ['a', null, null, null];
    expect((await write([row, row], 2)).rows).toBe(2);
    await expect(write([row, row, row], 2)).rejects.toMatchObject({ code: 'EXPORT_TOO_MANY_ROWS' });
    expect((await write([row, row], 2)).rows).toBe(2);
  });

  test('takes values as values, whatever is in them', async () => {
    const given = [`'; drop table x; --`, `\\'`, `$1`, null, `E'\\n'`];
    const rows = await database.admin.transaction(async (sql) => {
      const one: readonly CsvColumn[] = [{ header: 'v', kind: 'plain', sql: 'v' }];
      const [a, b, c, d, e] = [given[0] ?? '', given[1] ?? '', given[2] ?? '', null, given[4] ?? ''];
      const source = from`(values (${a}::text), (${b}::text), (${c}::text), (${d}::text), (${e}::text)) as g (v)`;
      const text = await sql.copy(await statementOf(sql, one, source), withLf, textOf);
      return text.split('\n').slice(0, -1);
    });
    expect(rows).toEqual(given.map((value) => (value ?? '').replaceAll('\\', '\\\\')));
  });
});
