import * as z from 'zod';
import { type CopiedRows, type Database, type Transaction, withCrlf } from './database.ts';
import { InOrder } from './in-order.ts';

/**
 * The rows of several COPY statements, one statement's after the other's, read on two connections at once that see one
 * state of the database. PostgreSQL writes a file in one process on one core: two take little more than half the time.
 *
 * Each connection takes the next statement that nobody has. What arrives before its turn is held, a few megabytes of
 * it; beyond that its connection waits, so that memory stays the same whatever the statements hold. A second connection
 * that cannot be had costs time and nothing else. One that is lost later ends it all, as the first one does.
 */
export async function copyInOrder<T>(
  sql: Transaction,
  { other, statements, limitMs, alone }: Lanes,
  consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
): Promise<T> {
  const snapshot = await exportSnapshot(sql);
  const order = new InOrder<CopiedRows>(statements.length, ({ bytes }) => bytes.length);
  const limit = performance.now() + limitMs;
  const take = async (lane: Transaction) => {
    for (let n = order.take(); n !== undefined; n = order.take()) {
      await limitTo(lane, limit - performance.now());
      await copyOne(lane, statements[n] ?? '', n, order);
    }
  };
  const ended = Promise.all([
    take(sql).catch((error: unknown) => order.fail(error)),
    beside(other, snapshot, take, alone).catch((error: unknown) => order.fail(error)),
  ]);
  try {
    return await consume(order.items());
  } finally {
    order.stop();
    await ended;
  }
}

export interface Lanes {
  /** Where the second connection comes from. */
  readonly other: Database;
  /** Their rows in this order. */
  readonly statements: readonly string[];
  /** For all of it; a statement that is under way then is given up by the server. */
  readonly limitMs: number;
  /** Told why there is no second connection. */
  readonly alone: (error: unknown) => void;
}

const exported = z.strictObject({ id: z.string() });

async function exportSnapshot(sql: Transaction): Promise<string> {
  const [snapshot] = await sql(exported)`select pg_export_snapshot() as id`;
  return snapshot?.id ?? '';
}

async function beside(
  other: Database,
  snapshot: string,
  take: (lane: Transaction) => Promise<void>,
  alone: (error: unknown) => void,
): Promise<void> {
  let begun = false;
  try {
    await other.transaction(
      (lane) => {
        begun = true;
        return take(lane);
      },
      {},
      snapshot,
    );
  } catch (error) {
    if (begun) throw error;
    alone(error);
  }
}

/** Counted from here on, and the server counts each statement by itself. */
async function limitTo(lane: Transaction, milliseconds: number): Promise<void> {
  await lane`select set_config('statement_timeout', ${String(Math.max(1, Math.ceil(milliseconds)))}, true)`;
}

async function copyOne(
  lane: Transaction,
  statement: string,
  n: number,
  order: InOrder<CopiedRows>,
): Promise<void> {
  await lane.copy(statement, withCrlf, async (rows) => {
    for await (const piece of rows) {
      if (!(await order.give(n, piece))) return;
    }
  });
  order.end(n);
}
