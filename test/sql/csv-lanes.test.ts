import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { copyInOrder } from '../../functions/core/csv-lanes.ts';
import type { CopiedRows, Database } from '../../functions/core/database.ts';
import { testDatabase, versions } from '../support/database.ts';

const one = z.strictObject({ n: z.int() });

describe.each(versions)('rows of several statements on two connections to PostgreSQL %i', (version) => {
  const database = testDatabase({ version, empty: true });
  const NAME = 'second';
  const connections = () => ({
    sql: database.connect('postgres'),
    other: database.connect('postgres', { applicationName: NAME }),
  });

  const series = (from: number, to: number) =>
    `copy (select n from generate_series(${from}, ${to}) n) to stdout`;
  const lines = (to: number) => Array.from({ length: to }, (_, n) => `${n + 1}\r\n`).join('');

  async function whole(rows: AsyncIterable<CopiedRows>): Promise<string> {
    let text = '';
    for await (const { bytes } of rows) text += bytes.toString();
    return text;
  }

  async function read(
    { sql, other }: { sql: Database; other: Database },
    statements: readonly string[],
    consume = whole,
    { limitMs = 60_000, alone = (_error: unknown): void => expect.unreachable() } = {},
  ): Promise<string> {
    return sql.transaction(async (transaction) => {
      await transaction`set transaction isolation level repeatable read, read only`;
      return copyInOrder(transaction, { other, statements, limitMs, alone }, consume);
    });
  }

  const usable = async (given: { sql: Database; other: Database }) => {
    expect(await given.sql.sql(one)`select 1 as n`).toEqual([{ n: 1 }]);
    expect(await given.other.sql(one)`select 2 as n`).toEqual([{ n: 2 }]);
  };

  test('are those of one statement, wherever it is cut', async () => {
    const given = connections();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 12 }), async (cuts) => {
        const ends = [...cuts, 40_000].sort((a, b) => a - b);
        const statements = ends.map((end, n) => series((ends[n - 1] ?? 0) + 1, end));
        expect(await read(given, statements)).toBe(lines(40_000));
      }),
      { numRuns: 15 },
    );
    await usable(given);
  });

  test('come from both, and of one state of the database', async () => {
    const given = connections();
    await database.admin.script('create table t as select 1 as n');
    const pids = new Set<string>();
    let changed = false;
    await read(
      given,
      Array.from(
        { length: 40 },
        () => 'copy (select pg_backend_pid(), count(*) from t, pg_sleep(0.005)) to stdout',
      ),
      async (rows) => {
        for await (const { bytes } of rows) {
          if (!changed) await database.admin.script('insert into t select generate_series(1, 100)');
          changed = true;
          for (const line of bytes.toString().trim().split('\r\n')) {
            const [pid = '', count] = line.split('\t');
            pids.add(pid);
            expect(count).toBe('1');
          }
        }
        return '';
      },
    );
    expect([pids.size, changed]).toEqual([2, true]);
  });

  test('hold back the connection that is ahead, and come whole all the same', async () => {
    const given = connections();
    const wide = (n: number) =>
      `copy (select ${n}, repeat('x', 1000) from generate_series(1, 30000)) to stdout`;
    let rows = 0;
    await read(given, [wide(1), wide(2), wide(3)], async (pieces) => {
      for await (const piece of pieces) {
        rows += piece.rows;
        await setImmediate();
      }
      return '';
    });
    expect(rows).toBe(90_000);
    await usable(given);
  });

  test.each([0, 1, 2, 5])('fail as the statement does that fails, here number %i', async (failing) => {
    const given = connections();
    const statements = Array.from({ length: 6 }, (_, n) =>
      n === failing
        ? 'copy (select 1 / (20000 - n) from generate_series(1, 30000) n) to stdout'
        : series(1, 30_000),
    );
    await expect(read(given, statements)).rejects.toMatchObject({ name: 'PermanentError', code: '22012' });
    await usable(given);
  });

  test('fail as their reader does, who is asked for nothing more', async () => {
    const given = connections();
    const enough = new Error('enough');
    const statements = Array.from({ length: 6 }, () => series(1, 100_000));
    const failing = read(given, statements, async (rows) => {
      for await (const _ of rows) throw enough;
      return '';
    });
    await expect(failing).rejects.toBe(enough);
    await usable(given);
  });

  test.each([true, false])('fail with a connection that is lost, the second one: %s', async (theSecond) => {
    const given = connections();
    const [backend] = await given.sql.sql(one)`select pg_backend_pid() as n`;
    const statements = Array.from({ length: 6 }, () => series(1, 3_000_000));
    let killing: Promise<{ n: number }[]> | undefined;
    const losing = read(given, statements, async (rows) => {
      for await (const _ of rows) {
        killing ??= database.admin.sql(one)`
          select pid as n from pg_stat_activity
          where case
            when ${theSecond}::boolean and application_name = ${NAME} and query like 'copy%' then pg_terminate_backend(pid, 5000)
            when not ${theSecond}::boolean and pid = ${backend?.n ?? 0}::integer then pg_terminate_backend(pid, 5000)
          end`;
        await killing;
      }
      return '';
    });
    await expect(losing).rejects.toMatchObject({ name: 'RetryableError' });
    expect(await killing).toHaveLength(1);
    await usable(given);
  });

  test('have an end, for both connections together', async () => {
    const given = connections();
    const statements = Array.from({ length: 6 }, () => 'copy (select 1 from pg_sleep(0.2)) to stdout');
    await expect(read(given, statements, whole, { limitMs: 300 })).rejects.toMatchObject({ code: '57014' });
    await usable(given);
  });

  test('come from one alone where there is no other', async () => {
    const { sql } = connections();
    const other = database.connect('postgres', { database: 'nowhere' });
    const reasons: unknown[] = [];
    const statements = [series(1, 10), series(11, 20), series(21, 30)];
    const text = await read({ sql, other }, statements, whole, {
      alone: (error) => void reasons.push(error),
    });
    expect(text).toBe(lines(30));
    expect(reasons).toMatchObject([{ code: '3D000' }]);
  });
});
