import { CuadreError } from '../errors.ts';
import { lostBefore, lostDuring, toTyped } from './failure.ts';
import type { Pool } from './pool.ts';
import { refuseInsideBody } from './scope.ts';
import type { Session } from './session.ts';
import { command, headOf, makeSql, type Reply, type Statement } from './statement.ts';
import { controlError, controlsTransaction, runTransaction } from './transaction.ts';
import type { Database } from './types.ts';

/** Commands that change nothing, so that one cut off in the middle may simply be sent again. */
const READS = /^\s*(?:select|show|values|table|explain)\b/i;

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
    transaction: (body) =>
      afterOpening(lease, command('begin'), (session) => runTransaction(pool, session, body)),
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
    throw READS.test(statement.text) ? lostBefore(error, head) : lostDuring(error, head);
  });
  if (!statement.script && controlsTransaction(reply)) {
    session.spend();
    throw controlError(headOf(statement));
  }
  return reply;
}
