import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvLines, csvHeader } from '../../functions/core/csv.ts';

/** By the letter of RFC 4180, another way than the writer's: outside of quotes every LF gets its CR. */
function expected(text: string): string {
  return text.replace(/"[^"]*"?|\n/g, (found) => (found === '\n' ? '\r\n' : found));
}

const text = fc.string({ unit: fc.constantFrom('a', 'ñ', '👤', ',', '"', '\n', '\r') });

describe('the ends of lines', () => {
  test('are converted outside of quotes alone, however the bytes come', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (given, cuts) => {
        const bytes = Buffer.from(given);
        const lines = new CsvLines();
        const pieces: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          pieces.push(Buffer.from(lines.convert(bytes.subarray(from, from + cut))));
          from = Math.min(bytes.length, from + cut);
        }
        pieces.push(Buffer.from(lines.convert(bytes.subarray(from))));
        expect(Buffer.concat(pieces).toString()).toBe(expected(given));
        expect(lines.rows).toBe(given.replace(/"[^"]*"?/g, '').split('\n').length - 1);
      }),
    );
  });
});

test('the header begins with a BOM and is quoted where it must be', () => {
  const columns = ['Texto', 'a "b", c'].map((header) => ({ header, kind: 'text', sql: 'x' }) as const);
  expect(csvHeader(columns).toString()).toBe('\uFEFFTexto,"a ""b"", c"\r\n');
});
