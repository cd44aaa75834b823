import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { compositeArray } from '../../functions/core/csv/composite.ts';
import { CsvError, CsvParser, type CsvRecord } from '../../functions/core/csv/parser.ts';
import { Utf8Decoder } from '../../functions/core/csv/utf8.ts';
import { testDatabase } from '../support/database.ts';

function parse(...pieces: string[]): CsvRecord[] {
  const parser = new CsvParser();
  return [...pieces.flatMap((piece) => [...parser.push(piece)]), ...parser.end()];
}

function failure(text: string): unknown {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof CsvError)
      return { rule: error.message, line: error.line, field: error.field, value: error.value };
    throw error;
  }
  return 'no failure';
}

/** Cut into pieces at these places, as a stream may. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...sorted, text.length].map((end, index) => text.slice(sorted[index - 1] ?? 0, end));
}

/** Fields as RFC 4180 writes them: quoted when they must be, or when the coin says so. */
function write(records: readonly (readonly { value: string | null; quoted: boolean }[])[]): string {
  const field = ({ value, quoted }: { value: string | null; quoted: boolean }) => {
    if (value === null) return '';
    return quoted || value === '' || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return records.map((record) => `${record.map(field).join(',')}\n`).join('');
}

// Every character that the grammar, an array or a composite value could take for its own, beside ordinary ones.
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', ',', '\n', '\r', ' ', '\\', '(', ')', '{', '}', 'N', 'Á', '𝒙', '\u2028', '\uFEFF'),
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((char) => char.isWellFormed() && char !== '\0'),
  ),
  maxLength: 12,
});
const record = fc.array(fc.record({ value: fc.option(text), quoted: fc.boolean() }), {
  minLength: 1,
  maxLength: 5,
});

describe('records', () => {
  test('are read back as they were written, however the text was cut', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (records, places) => {
          const fields = parse(...cut(write(records), places)).map((each) => each.fields);
          expect(fields).toEqual(records.map((each) => each.map(({ value }) => value)));
        },
      ),
    );
  });

  test('are told the line that they begin on, through line ends inside quotes', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.array(fc.nat()), (records, places) => {
        const lines = parse(...cut(write(records), places)).map(({ line }) => line);
        const expected = records.map((_, index) => write(records.slice(0, index)).split('\n').length);
        expect(lines).toEqual(expected);
      }),
    );
  });

  test('an empty field is null, two quotes are the empty string', () => {
    expect(parse('a,,""\n,"",\n')).toEqual([
      { line: 1, fields: ['a', null, ''] },
      { line: 2, fields: [null, '', null] },
    ]);
  });

  test('the last line needs no end', () => {
    expect(parse('a,b\nc,')).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['c', null] },
    ]);
    expect(parse('')).toEqual([]);
  });

  test.each([
    ['a,b\nc,d"e\n', 'a field that contains a quote must itself be quoted, and the quote doubled', 2, 1, 'd'],
    ['a,"b"c\n', 'after a closing quote only a comma or the end of the line may follow', 1, 1, 'b'],
    ['a\n"b\nc', 'a quote is opened and never closed', 3, 0, 'b\nc'],
    ['a,b\r\nc,d\r\n', 'lines must end with LF alone, not CR or CRLF', 1, 1, 'b'],
    ['a,"b"\r\n', 'lines must end with LF alone, not CR or CRLF', 1, 1, 'b'],
    ['a\n\0b', 'a NUL character is not allowed', 2, 0, ''],
    ['a\nb\0', 'a NUL character is not allowed', 2, 0, 'b'],
    ['a,"b\n\0"', 'a NUL character is not allowed', 2, 1, 'b\n'],
  ])('%j: %s', (bad, rule, line, field, value) => {
    expect(failure(bad)).toEqual({ rule, line, field, value });
  });

  test('a quote that nothing closes does not fill the memory', () => {
    const parser = new CsvParser();
    const piece = `"${'x'.repeat(2 ** 19)}`;
    const push = () => [...parser.push(piece.slice(1)), ...parser.push(piece.slice(1))];
    expect([...parser.push(piece)]).toEqual([]);
    expect(push).toThrow('a field is longer than 1 MiB: is a quote never closed?');
  });
});

describe('bytes', () => {
  const decode = (...pieces: Buffer[]) => {
    const decoder = new Utf8Decoder();
    return [...pieces.map((piece) => decoder.push(piece)), decoder.end()];
  };

  test('become the text they are, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat()), (string, places) => {
        const bytes = Buffer.from(string.toWellFormed());
        const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
        const pieces = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const decoded = decode(...pieces);
        expect(decoded.map((each) => each.text).join('')).toBe(string.toWellFormed());
        expect(decoded.every((each) => each.badByte === undefined)).toBe(true);
      }),
    );
  });

  test.each([
    ['a byte that begins nothing', [0x61, 0xff, 0x62], 'a', 0xff],
    ['a character that is cut short', [0xc3, 0xa1, 0xc3, 0x28], 'á', 0xc3],
    ['an overlong form', [0x61, 0xc0, 0x80], 'a', 0xc0],
    ['half a surrogate pair', [0x61, 0xed, 0xa0, 0x80], 'a', 0xed],
    ['a continuation alone', [0x80], '', 0x80],
  ])('%s is found, with what stands before it', (_, bytes, text, badByte) => {
    expect(decode(Buffer.from(bytes))[0]).toEqual({ text, badByte });
  });

  test('an end inside a character is found', () => {
    expect(decode(Buffer.from([0x61, 0xe2, 0x82]))).toEqual([{ text: 'a' }, { text: '', badByte: 0xe2 }]);
  });
});

describe("PostgreSQL's text of records", () => {
  const database = testDatabase({ empty: true });

  test('is read by PostgreSQL as the records that were meant', async () => {
    const row = z.strictObject({ line: z.int(), a: z.string().nullable(), b: z.string().nullable() });
    const pairs = fc.array(fc.tuple(fc.option(text), fc.option(text)), { minLength: 1, maxLength: 20 });
    await database.admin.script('create type pair as (line int, a text, b text)');
    const read = (records: readonly CsvRecord[]) =>
      database.admin.sql(row)`select * from unnest(${compositeArray(records)}::text::pair[])`;
    await fc.assert(
      fc.asyncProperty(pairs, async (values) => {
        const records = values.map((fields, index) => ({ line: index + 1, fields }));
        const expected = values.map(([a, b], index) => ({ line: index + 1, a, b }));
        expect(await read(records)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});
