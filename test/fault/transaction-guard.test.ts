import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import * as z from 'zod';
import { type ConnectOptions, connect, type Database } from '../../functions/core/database.ts';
import { testDatabase } from '../support/database.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createTable, faults } from '../support/transaction-faults.ts';
import { trial } from '../support/transaction-trial.ts';

const database = testDatabase({ empty: true });
let proxy: TcpProxy;
let subject: Database;
let uncaught = 0;
let safe = 0;
const count = () => {
  uncaught += 1;
};

beforeAll(async () => {
  process.on('uncaughtException', count);
  process.on('unhandledRejection', count);
  await database.admin.script(createTable);
});
afterAll(() => {
  process.off('uncaughtException', count);
  process.off('unhandledRejection', count);
  console.log(`transaction guard: ${safe} trials safe, ${uncaught} uncaught errors`);
});
beforeEach(async () => {
  const url = new URL(database.url());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
});
afterEach(async () => {
  await subject.close();
  await proxy.stop();
  expect(uncaught).toBe(0);
  safe += 1;
});

function open(options: ConnectOptions = {}): Database {
  subject = connect({ url: proxy.url(database.url()), ...options });
  return subject;
}

async function rowsOf(who: string): Promise<number> {
  const [row] = await database.admin.sql(z.strictObject({ n: z.coerce.number() }))`
    select count(*) as n from guard where who = ${who}`;
  return row?.n ?? Number.NaN;
}

describe.each([1, 5])('with %i connection(s)', (max) => {
  test.each(faults)('$name', async (fault) => {
    open({ max, statementTimeoutSeconds: fault.statementTimeoutSeconds });
    const verdict = await trial(subject, fault, database.admin, proxy);
    expect(verdict).toEqual({
      a: fault.error,
      // B has a session of its own: nothing that befalls A's reaches it.
      b: undefined,
      rows: { a: fault.committed === 'all' ? verdict.rows.a : 0, b: 2 },
      innocent: true,
      usable: true,
    });
    if (fault.committed === 'all') expect(verdict.rows.a).toBeGreaterThan(0);
  });

  test('lost before the first query, unnoticed: the transaction begins on a new connection', async () => {
    open({ max });
    await subject.sql`select 1`;
    proxy.rule = ({ connection }) => (connection === 0 ? 'reset' : 'pass');
    await database.admin.sql`truncate guard`;
    await subject.transaction((sql) => sql`insert into guard values ('A', 1)`);
    expect(await rowsOf('A')).toBe(1);
    proxy.rule = ({ connection }) => (connection === 1 ? 'reset' : 'pass');
    await subject.wake();
    expect(proxy.connections).toBe(3);
    proxy.rule = ({ connection }) => (connection === 2 ? 'reset' : 'pass');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    await subject.wake(1000);
    expect(proxy.connections).toBe(3);
    vi.advanceTimersByTime(1000);
    await subject.wake(1000);
    expect(proxy.connections).toBe(4);
  });

  test('killed before the first query, noticed: the transaction begins on a new connection', async () => {
    open({ max });
    const [backend] = await subject.sql(z.strictObject({ pid: z.int() }))`select pg_backend_pid() as pid`;
    await database.admin.sql`select pg_terminate_backend(${backend?.pid ?? null}::int, 10000)`;
    await database.admin.sql`truncate guard`;
    await subject.transaction((sql) => sql`insert into guard values ('A', 1)`);
    expect(await rowsOf('A')).toBe(1);
    expect(proxy.connections).toBe(2);
  });

  test.each([98, 99, 100, 101])('%i queries in flight, then a transaction', async (inFlight) => {
    await database.admin.sql`truncate guard`;
    open({ max });
    const queries = Array.from(
      { length: inFlight },
      (_, n) => subject.sql`insert into guard values ('Q', ${n})`,
    );
    const transaction = subject.transaction(async (sql) => {
      await sql`insert into guard values ('A', 1)`;
      await sql`insert into guard values ('A', 2)`;
    });
    const after = subject.sql`insert into guard values ('after', 1)`;
    await Promise.all([...queries, transaction, after]);
    expect(await Promise.all(['Q', 'A', 'after'].map(rowsOf))).toEqual([inFlight, 2, 1]);
  });

  test('101 queries in flight and one of them kills its backend: the others are done, once each', async () => {
    await database.admin.sql`truncate guard`;
    open({ max });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 101 }, (_, n) =>
        n === 50
          ? subject.sql`select pg_terminate_backend(pg_backend_pid())`
          : subject.sql`insert into guard values ('Q', ${n})`,
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(outcomes[50]).toMatchObject({ reason: { name: 'RetryableError', code: '57P01' } });
    expect(await rowsOf('Q')).toBe(100);
  });
});
