/**
 * Plays a fault on a transaction A with an innocent transaction B beside it. The same trial runs on the guarded
 * transaction and, in a process of its own, on the bare driver.
 */
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { RetryableError } from '../../functions/core/errors.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { type Fault, insertA, type Stage } from './transaction-faults.ts';

/** What a trial needs of a database. */
export type Subject = Pick<Database, 'transaction' | 'sql'>;

export interface Verdict {
  /** Names of the errors that A and B ended with. */
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly rows: { readonly a: number; readonly b: number };
  /** Whether B's outcome and rows agree: both of its rows or, rejected for another attempt, none. */
  readonly innocent: boolean;
  /** Whether the client took work afterwards. */
  readonly usable: boolean;
}

/** Plays A with the fault and B beside it, begun while A is inside its transaction. Settles when both have. */
export async function trial(
  subject: Subject,
  fault: Fault,
  admin: Database,
  proxy: TcpProxy,
): Promise<Verdict> {
  await admin.sql`truncate guard`;
  const known = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  const bodyEnded = Promise.withResolvers<void>();
  const amidB = Promise.withResolvers<void>();
  const afterB = Promise.withResolvers<void>();
  let victim: number | undefined;
  let wire: TcpProxy['rule'] | undefined;
  proxy.rule = (chunk) => {
    if (chunk.from === 'client' && chunk.bytes.includes('victim')) victim = chunk.connection;
    return chunk.connection === victim && wire !== undefined ? wire(chunk) : 'pass';
  };
  const stage: Stage = {
    cut: () => proxy.reset(victim),
    release: proxy.release,
    known: known.promise,
    afterB: afterB.promise,
    amidB: amidB.promise,
    kill: async (sql) => {
      const [backend] = await sql(z.strictObject({ pid: z.int() }))`select pg_backend_pid() as pid`;
      await admin.sql`select pg_terminate_backend(${backend?.pid ?? null}::int, 10000)`;
    },
    onWire: (fate) => {
      wire = fate;
    },
  };
  const a = subject
    .transaction(async (sql) => {
      await insertA(sql, 1);
      inside.resolve();
      await fault.body(sql, stage).finally(bodyEnded.resolve);
    })
    .then(() => undefined, nameOf)
    .finally(known.resolve);
  await Promise.race([inside.promise, a]);
  const b = subject
    .transaction(async (sql) => {
      await sql`insert into guard values ('B', 1)`;
      amidB.resolve();
      // A turn more, in which the driver does what it does at the end of a body.
      if (fault.holdsB === true) await bodyEnded.promise.then(() => new Promise(setImmediate));
      await sql`insert into guard values ('B', 2)`;
    })
    .then(() => undefined, nameOf)
    .finally(afterB.resolve);
  const ended = { a: await a, b: await b };
  // What a lost body still does must come to nothing: its rows are counted when it has done all of it.
  if (fault.endless !== true) await bodyEnded.promise;
  const usable = await subject.sql`select 1`.then(
    () => true,
    () => false,
  );
  const rows = await countRows(admin);
  const innocent = ended.b === undefined ? rows.b === 2 : ended.b === RetryableError.name && rows.b === 0;
  return { ...ended, rows, innocent, usable };
}

async function countRows(admin: Database): Promise<{ a: number; b: number }> {
  const [row] = await admin.sql(z.strictObject({ a: z.coerce.number(), b: z.coerce.number() }))`
    select count(*) filter (where who = 'A') as a, count(*) filter (where who = 'B') as b from guard`;
  if (row === undefined) throw new Error('an aggregate has a row');
  return row;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
