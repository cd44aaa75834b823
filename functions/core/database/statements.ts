import { CuadreError, RetryableError } from '../errors.ts';
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
  const wake = () => lease((session) => alone(session, command('select 1')));
  return {
    sql: makeSql(
      (statement) => lease((session) => alone(session, statement)),
      (promise) => promise,
    ),
    transaction: (body) => lease((session) => runTransaction(pool, session, body)),
    script: (text) =>
      lease(async (session) => {
        session.spend();
        await alone(session, { text, parameters: [], script: true });
      }),
    wake: async () => {
      await wake().catch(async (error: unknown) => {
        if (!(error instanceof RetryableError)) throw error;
        await wake();
      });
    },
    close: () => pool.close(),
  };
}

/** A statement that is its own transaction: cut off in flight, one that writes may have been done or not. */
async function alone(session: Session, statement: Statement): Promise<Reply> {
  const head = headOf(statement);
  const reply = await session.run(statement).catch((error: unknown) => {
    if (session.loss === undefined || error instanceof CuadreError) throw toTyped(error, head);
    throw READS.test(statement.text) ? lostBefore(error, head) : lostDuring(error, head);
  });
  if (!statement.script && controlsTransaction(reply)) {
    session.spend();
    throw controlError(head);
  }
  return reply;
}
