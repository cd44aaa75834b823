import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type CopiedRows, type Database, withCrlf, withLf } from '../../functions/core/database.ts';
import { testDatabase } from '../support/database.ts';

const database = testDatabase({ empty: true });
let subject: Database;
beforeEach(() => {
  subject = database.connect('postgres');
});

const series = (n: number) => `copy (select g from generate_series(1, ${n}) g) to stdout`;
const one = z.strictObject({ n: z.int() });

async function all(rows: AsyncIterable<CopiedRows>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const { bytes } of rows) pieces.push(bytes);
  return Buffer.concat(pieces).toString();
}

describe('copy', () => {
  test('gives what the server sends, and the transaction goes on', async () => {
    const [text, after] = await subject.transaction(async (sql) => [
      await sql.copy(series(200_000), withLf, all),
      await sql(one)`select 7 as n`,
    ]);
    expect(text).toBe(Array.from({ length: 200_000 }, (_, n) => `${n + 1}\n`).join(''));
    expect(after).toEqual([{ n: 7 }]);
  });

  test('ends rows as asked and counts them, and rows given back are gone', async () => {
    const seen = await subject.transaction((sql) =>
      sql.copy(series(100_000), withCrlf, async (rows) => {
        let [text, counted, longest] = ['', 0, 0];
        for await (const piece of rows) {
          text += piece.bytes.toString();
          counted += piece.rows;
          piece.giveBack();
          longest = Math.max(longest, piece.bytes.length);
        }
        return { text, counted, longest };
      }),
    );
    expect(seen.text).toBe(Array.from({ length: 100_000 }, (_, n) => `${n + 1}\r\n`).join(''));
    // What is left is what was put together of two reads, or was read together with the end.
    expect([seen.counted, seen.longest < 65_536]).toEqual([100_000, true]);
  });

  test('reads and drops what was left unread, for a reader who stops and for one who fails', async () => {
    const enough = new Error('enough');
    await subject.transaction(async (sql) => {
      const first = await sql.copy(series(300_000), withLf, async (bytes) => {
        for await (const piece of bytes) return piece.bytes.toString().slice(0, 4);
        return '';
      });
      expect(first).toBe('1\n2\n');
      expect(await sql(one)`select 8 as n`).toEqual([{ n: 8 }]);
    });
    const failing = subject.transaction((sql) =>
      sql.copy(series(300_000), withLf, async (bytes) => {
        for await (const _ of bytes) throw enough;
      }),
    );
    await expect(failing).rejects.toBe(enough);
    expect(await subject.sql(one)`select 9 as n`).toEqual([{ n: 9 }]);
  });

  test('fails as the server does, also after it has sent something', async () => {
    const late = subject.transaction((sql) =>
      sql.copy('copy (select 1 / (150000 - g) from generate_series(1, 200000) g) to stdout', withLf, all),
    );
    await expect(late).rejects.toMatchObject({ name: 'PermanentError', code: '22012' });
    const wrong = subject.transaction((sql) => sql.copy('copy (select nothing) to stdout', withLf, all));
    await expect(wrong).rejects.toMatchObject({ name: 'PermanentError', code: '42703' });
    expect(await subject.sql(one)`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test('refuses another statement of its transaction meanwhile, which would wait for it for ever', async () => {
    const inside = subject.transaction((sql) =>
      sql.copy(series(10), withLf, async () => sql(one)`select 1 as n`),
    );
    await expect(inside).rejects.toMatchObject({ code: 'WRONG_HANDLE' });
    expect(await subject.sql(one)`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test('is for COPY to the client alone, which no other way is', async () => {
    const other = subject.transaction((sql) => sql.copy('select 1', withLf, all));
    await expect(other).rejects.toMatchObject({ code: 'COPY' });
    await expect(subject.transaction((sql) => sql`copy (select 1) to stdout`)).rejects.toMatchObject({
      code: 'COPY',
    });
  });

  test('ends with its connection, for whoever reads and for whoever waits', async () => {
    const pid = z.strictObject({ pid: z.int() });
    const killed = subject.transaction(async (sql) => {
      const [backend] = await sql(pid)`select pg_backend_pid() as pid`;
      return sql.copy(series(3_000_000), withLf, async (bytes) => {
        let pieces = 0;
        for await (const _ of bytes) {
          pieces += 1;
          if (pieces === 3)
            await database.admin.sql`select pg_terminate_backend(${backend?.pid ?? 0}::integer, 5000)`;
        }
        return pieces;
      });
    });
    await expect(killed).rejects.toMatchObject({ name: 'RetryableError' });
    expect(await subject.sql(one)`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test('keeps the server waiting for a reader who is slow, and hears it again afterwards', async () => {
    let held = 0;
    await subject.transaction(async (sql) => {
      await sql.copy(
        `copy (select repeat('x', 1000) from generate_series(1, 50000)) to stdout`,
        withLf,
        async (bytes) => {
          for await (const piece of bytes) {
            held = Math.max(held, piece.bytes.length);
            await new Promise(setImmediate);
          }
        },
      );
      expect(await sql(one)`select 1 as n`).toEqual([{ n: 1 }]);
    });
    // What the driver had in hand at once: a few reads of the socket, never the 50 MB.
    expect(held).toBeLessThan(2_000_000);
  });
});
