/** Ways in which a transaction A loses its connection, each with what must come of it. */
import type { Transaction } from '../../functions/core/database.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export interface Stage {
  /** Kills the backend that the handle speaks to, and returns when it is gone. */
  kill(sql: Transaction): Promise<void>;
  /** Settled as soon as A's caller knows. */
  readonly known: Promise<void>;
  /** Settled when B has ended, and when B is between its two rows. */
  readonly afterB: Promise<void>;
  readonly amidB: Promise<void>;
  /** The proxy applies it to A's connection. */
  onWire(fate: TcpProxy['rule']): void;
  /** Ends A's connection, by RST. */
  cut(): void;
  /** Passes on what the proxy holds. */
  release(): void;
}

export interface Fault {
  readonly name: string;
  /** A's error; none where A must commit. */
  readonly error?: 'RetryableError' | 'LostError' | 'Error';
  /** Of A's rows; `none` unless given. */
  readonly committed?: 'all' | 'none';
  /** Gives statements up after so long, where the fault is silence. */
  readonly statementTimeoutSeconds?: number;
  /** B waits between its two rows until A's body has ended. */
  readonly holdsB?: boolean;
  /** Its body never ends, so that nobody may wait for it. */
  readonly endless?: boolean;
  body(sql: Transaction, stage: Stage): Promise<unknown>;
}

export const createTable = `
  create table guard (who text not null, n int not null);
  create table doomed (n int);
  create function kill_me() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
  create constraint trigger last_blow after insert on doomed
    deferrable initially deferred for each row execute function kill_me();`;

/** The comment is how the proxy knows A's connection. */
export const insertA = (sql: Transaction, n: number) =>
  sql`insert into guard values ('A', ${n}) /* victim */`;
const die = (sql: Transaction) => sql`select pg_terminate_backend(pg_backend_pid())`;
const isCommit = (bytes: Buffer) => /commit/i.test(bytes.toString('latin1'));

export const faults: readonly Fault[] = [
  {
    name: 'killed between queries, then another query before the news',
    error: 'RetryableError',
    body: async (sql, { kill }) => {
      await kill(sql);
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed between queries, then another query after the news',
    error: 'RetryableError',
    body: async (sql, { kill, known }) => {
      await kill(sql);
      await known;
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed between queries, the body throws',
    error: 'RetryableError',
    body: async (sql, { kill, known }) => {
      await kill(sql);
      await known;
      throw new Error('of its own');
    },
  },
  {
    name: 'killed between queries, the body returns',
    error: 'RetryableError',
    body: async (sql, { kill, known }) => {
      await kill(sql);
      await known;
    },
  },
  {
    name: 'killed between queries, the body never ends',
    error: 'RetryableError',
    endless: true,
    body: async (sql, { kill }) => {
      await kill(sql);
      await new Promise(() => undefined);
    },
  },
  {
    name: 'killed between queries, another query once B has ended',
    error: 'RetryableError',
    body: async (sql, { kill, afterB }) => {
      await kill(sql);
      await afterB;
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed between queries, the body throws in the middle of B',
    error: 'RetryableError',
    holdsB: true,
    body: async (sql, { kill, amidB }) => {
      await kill(sql);
      await amidB;
      throw new Error('of its own');
    },
  },
  {
    name: 'killed between queries, the body returns in the middle of B',
    error: 'RetryableError',
    holdsB: true,
    body: async (sql, { kill, amidB }) => {
      await kill(sql);
      await amidB;
    },
  },
  { name: 'killed during a query', error: 'RetryableError', body: die },
  {
    name: 'killed during a query, caught, then another query',
    error: 'RetryableError',
    body: async (sql) => {
      await die(sql).catch(() => undefined);
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed during a query, the error wrapped',
    error: 'RetryableError',
    body: (sql) =>
      die(sql).catch((cause: unknown) => {
        throw new Error('something went wrong', { cause });
      }),
  },
  {
    name: 'killed during a query, the error swallowed and every query after it too',
    error: 'RetryableError',
    body: async (sql) => {
      await die(sql).catch(() => undefined);
      for (let n = 2; n < 5; n += 1) await insertA(sql, n).catch(() => undefined);
    },
  },
  {
    name: 'killed with many queries in flight',
    error: 'RetryableError',
    body: (sql) =>
      Promise.all([insertA(sql, 2), insertA(sql, 3), die(sql), insertA(sql, 4), insertA(sql, 5)]),
  },
  {
    name: 'killed by a query that nobody awaits',
    error: 'RetryableError',
    body: async (sql) => {
      void insertA(sql, 2);
      void die(sql);
    },
  },
  {
    name: 'idle in the transaction for too long',
    error: 'RetryableError',
    body: async (sql, { known }) => {
      await sql`set local idle_in_transaction_session_timeout = '20ms'`;
      await known;
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed inside a savepoint',
    error: 'RetryableError',
    body: (sql) =>
      sql.savepoint(async (inner) => {
        await insertA(inner, 2);
        await die(inner);
      }),
  },
  {
    name: 'killed inside a savepoint, caught outside of it, then another query',
    error: 'RetryableError',
    body: async (sql) => {
      await sql.savepoint(die).catch(() => undefined);
      await insertA(sql, 2);
    },
  },
  {
    name: 'reset by the network between queries',
    error: 'RetryableError',
    body: async (sql, { cut }) => {
      cut();
      await insertA(sql, 2);
    },
  },
  {
    name: 'reset by the network during a query',
    error: 'RetryableError',
    body: async (sql, { onWire }) => {
      onWire(({ from }) => (from === 'server' ? 'reset' : 'pass'));
      await insertA(sql, 2);
    },
  },
  {
    name: 'closed in order by the network during a query',
    error: 'RetryableError',
    body: async (sql, { onWire }) => {
      onWire(({ from }) => (from === 'server' ? 'close' : 'pass'));
      await insertA(sql, 2);
    },
  },
  {
    name: 'the network swallows everything from now on',
    error: 'RetryableError',
    statementTimeoutSeconds: 1,
    body: async (sql, { onWire }) => {
      onWire(() => 'drop');
      await insertA(sql, 2);
    },
  },
  {
    name: 'killed during COMMIT, by a deferred trigger',
    error: 'LostError',
    body: (sql) => sql`insert into doomed values (1)`,
  },
  {
    name: 'reset before COMMIT reached the server',
    error: 'LostError',
    body: async (_, { onWire }) =>
      onWire(({ from, bytes }) => (from === 'client' && isCommit(bytes) ? 'reset' : 'pass')),
  },
  {
    name: 'reset after COMMIT was done, before the news',
    error: 'LostError',
    committed: 'all',
    body: async (_, { onWire }) => onWire(({ from }) => (from === 'server' ? 'reset' : 'pass')),
  },
  {
    name: 'closed in order after COMMIT was done, before the news',
    error: 'LostError',
    committed: 'all',
    body: async (_, { onWire }) => onWire(({ from }) => (from === 'server' ? 'close' : 'pass')),
  },
  {
    name: 'swallowed after COMMIT was done, before the news',
    error: 'LostError',
    committed: 'all',
    statementTimeoutSeconds: 1,
    body: async (_, { onWire }) => onWire(({ from }) => (from === 'server' ? 'drop' : 'pass')),
  },
  {
    name: 'nothing lost, the body throws',
    error: 'Error',
    body: async () => {
      throw new Error('of its own');
    },
  },
  {
    name: 'nothing lost, the answer held back for a while',
    committed: 'all',
    body: async (sql, { onWire, release }) => {
      const held = Promise.withResolvers<void>();
      onWire(({ from }) => {
        if (from === 'client') return 'pass';
        held.resolve();
        return 'hold';
      });
      const insert = insertA(sql, 2);
      await held.promise;
      onWire(() => 'pass');
      release();
      await insert;
    },
  },
  { name: 'nothing lost', committed: 'all', body: (sql) => insertA(sql, 2) },
];
