import { describe, expect, test } from 'vitest';
import { kill } from '../support/crash/kill.ts';
import { Points } from '../support/crash/points.ts';
import { testDatabase } from '../support/database.ts';

describe('a process between its code and the database', () => {
  const database = testDatabase({ empty: true });

  test('hears that its connection is gone when the body of its transaction has ended, however long that takes', async () => {
    const { admin } = database;
    const points = new Points(new Map([[1, 'connection']]), (pid) => kill(admin, pid));
    const under = points.process('worker').database(database.connect('postgres'));
    const told = under.transaction(async (sql) => {
      // Busy elsewhere, with a file say, while the caller could be told.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await sql`select 1`;
    });
    await expect(told).rejects.toMatchObject({ name: 'RetryableError' });
    expect(points.passed).toEqual(['worker: before begin', 'worker: after begin', 'worker: before select 1']);
  });
});
