import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvHeader, csvRows } from '../../functions/core/csv.ts';

const cell = fc.string({
  unit: fc.constantFrom('a', 'ñ', '👤', ',', '"', '\\', '\n', '\r', '\t', '\b', '\f', '\v', 'n', '.', '\x01'),
});

/** As COPY's text format writes it, by its documentation. */
function asText(value: string): string {
  const marked: Record<string, string> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' };
  return [...value]
    .map((char) =>
      char === '\\' || char === ',' ? `\\${char}` : char in marked ? `\\${marked[char]}` : char,
    )
    .join('');
}

/** By RFC 4180. */
function asCsv(value: string): string {
  return ['"', ',', '\r', '\n'].some((char) => value.includes(char))
    ? `"${value.replaceAll('"', '""')}"`
    : value;
}

test('rows of COPY as text become CSV, in whatever pieces they come', () => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 })), fc.nat(5), (rows, size) => {
      const lines = rows.map((cells) => `${cells.map(asText).join(',')}\r\n`);
      const pieces: Buffer[] = [];
      for (let n = 0; n < lines.length; n += size + 1) {
        pieces.push(...csvRows(Buffer.from(lines.slice(n, n + size + 1).join(''))));
      }
      const expected = rows.map((cells) => `${cells.map(asCsv).join(',')}\r\n`).join('');
      expect(Buffer.concat(pieces).toString()).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('rows in which nothing is marked are given on as they are, not as a copy', () => {
  const rows = Buffer.from('a,b\r\nc,ñ\r\n');
  expect([...csvRows(rows)]).toEqual([rows]);
  expect([...csvRows(rows)][0]).toBe(rows);
  expect([...csvRows(Buffer.alloc(0))]).toEqual([]);
});

test('the header begins with a BOM and is quoted where it must be', () => {
  const columns = ['Texto', 'a "b", c'].map((header) => ({ header, kind: 'text', sql: 'x' }) as const);
  expect(csvHeader(columns).toString()).toBe('\uFEFFTexto,"a ""b"", c"\r\n');
});
