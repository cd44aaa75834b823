import { CuadreError } from '../errors.ts';
import { lostBefore, lostDuring, toTyped } from './failure.ts';
import type { Pool } from './pool.ts';
import { refuseInsideBody } from './scope.ts';
import type { Session } from './session.ts';
import { command, headOf, makeSql, type Reply, type Statement } from './statement.ts';
import { controlError, controlsTransaction, runTransaction } from './transaction.ts';
import type { Database, Settings } from './types.ts';

/** Commands that change nothing, so that one cut off in the middle may simply be sent again: unless they call what does. */
const READS = /^\s*(?:select|show|values|table)\b/i;

/**
 * A call of a function of a schema, `ops.cancel_run(`. Most of ours write, and the text does not say which: one that only reads
 * is told as if it had written, which costs its caller a look, and not the other way round.
 */
const CALLS = /\.\s*(?:\w+|"[^"]+")\s*\(/;

function onlyReads({ text }: Statement): boolean {
  return READS.test(text) && !CALLS.test(text);
}

/** A Database over a pool of sessions. */
export function makeDatabase(pool: Pool): Database {
  const lease = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    refuseInsideBody(pool);
    return await pool.lease(work);
  };
  return {
    sql: makeSql(
      (statement) => lease((session) => alone(session, statement)),
      (promise) => promise,
    ),
    transaction: (body, settings = {}, snapshot = undefined) =>
      afterOpening(lease, command(beginWith(settings, snapshot)), (session) =>
        runTransaction(pool, session, body),
      ),
    script: (text) =>
      lease(async (session) => {
        session.spend();
        await alone(session, command(text));
      }),
    wake: async (silentForMs = 0) => {
      refuseInsideBody(pool);
      if (pool.goodWithin(silentForMs)) return;
      await afterOpening(lease, command('select 1'), async () => undefined);
    },
    close: () => pool.close(),
  };
}

/** One text: a SET LOCAL of its own would be one more round trip in every transaction. */
function beginWith(settings: Settings, snapshot: string | undefined): string {
  const quoted = (text: string, quote: string) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
  const name = (text: string) =>
    text
      .split('.')
      .map((part) => quoted(part, '"'))
      .join('.');
  const set = Object.entries(settings).map(
    ([key, value]) => `set local ${name(key)} = ${quoted(value, "'")}`,
  );
  const begin =
    snapshot === undefined
      ? ['begin']
      : [
          'begin isolation level repeatable read, read only',
          // Before anything that would take a snapshot of its own.
          `set transaction snapshot ${quoted(snapshot, "'")}`,
        ];
  return [...begin, ...set].join('; ');
}

type Lease = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/**
 * Work behind a first statement that has no effect. Where a session from the pool proves dead at it (its network
 * or its server went away while nobody looked), the next one is tried, and at last a new one.
 */
async function afterOpening<T>(
  lease: Lease,
  opening: Statement,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  for (;;) {
    const done = await lease(async (session) => {
      const { fresh } = session;
      try {
        await session.run(opening);
      } catch (error) {
        // It may have begun before it failed.
        session.spend();
        if (fresh || session.loss === undefined) throw toTyped(error, headOf(opening));
        return undefined;
      }
      return { value: await work(session) };
    });
    if (done !== undefined) return done.value;
  }
}

/** A statement that is its own transaction: cut off in flight, one that writes may have been done or not. */
async function alone(session: Session, statement: Statement): Promise<Reply> {
  const reply = await session.run(statement).catch((error: unknown) => {
    const head = headOf(statement);
    if (session.loss === undefined || error instanceof CuadreError) throw toTyped(error, head);
    throw onlyReads(statement) ? lostBefore(error, head) : lostDuring(error, head);
  });
  if (!statement.script && controlsTransaction(reply)) {
    session.spend();
    throw controlError(headOf(statement));
  }
  return reply;
}
