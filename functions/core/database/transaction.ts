import { CuadreError, PermanentError, RetryableError } from '../errors.ts';
import { asError, codeOf, lostBefore, lostDuring, toTyped } from './failure.ts';
import { Scope } from './scope.ts';
import type { Session } from './session.ts';
import { command, headOf, makeSql, type Reply, type Statement } from './statement.ts';
import type { CopiedRows, RowsOnWire, Transaction } from './types.ts';

/**
 * The body and `commit`, on a session that nobody else holds and that has begun. The driver's own `begin` is not used: when
 * the connection dies it answers the body's end with a COMMIT or ROLLBACK to whoever has the next connection.
 * Here a session never outlives its connection, and nothing is sent to a lost one, so the body may do as it
 * likes: the caller has its rejection from the moment of the loss, and the body's later calls fail.
 */
export async function runTransaction<T>(
  owner: object,
  session: Session,
  body: (sql: Transaction) => Promise<T>,
): Promise<T> {
  const scope = new Scope(owner);
  const names = savepointNames();
  const ended = await outcome(scope, () => body(handle(scope, session, names)), session);
  if (session.loss !== undefined) throw lostBefore(session.loss, 'transaction');
  if ('error' in ended) {
    await session.run(command('rollback')).catch((error: unknown) => session.lose(asError(error)));
    throw ended.error;
  }
  await commit(session);
  return ended.value;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** How the body ended, once its statements have too; at once when the connection is lost. */
function outcome<T>(scope: Scope, body: () => Promise<T>, session: Session): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const stop = session.onLoss((error) => {
      void scope.end();
      resolve({ error });
    });
    scope
      .run(async () => body())
      .then(
        async (value): Promise<Outcome<T>> => {
          await scope.end();
          return scope.failure ?? { value };
        },
        async (error: unknown): Promise<Outcome<T>> => {
          const heard = scope.failure?.error;
          await scope.end();
          return { error: verdict(error, heard) };
        },
      )
      .then((ended) => {
        stop();
        resolve(ended);
      });
  });
}

/**
 * What to tell the caller when a body threw. A statement's failure that another attempt may cure stays
 * retryable however the body wrapped it; "the transaction is aborted" says less than what aborted it.
 */
function verdict(thrown: unknown, heard: unknown): unknown {
  if (heard === undefined || thrown === heard) return thrown;
  if (codeOf(thrown) === '25P02') return heard;
  if (heard instanceof RetryableError && !(thrown instanceof RetryableError)) {
    return new RetryableError(`${asError(thrown).message}: ${heard.message}`, {
      code: heard.code,
      cause: thrown,
    });
  }
  return thrown;
}

async function commit(session: Session): Promise<void> {
  const reply = await session.run(command('commit')).catch((error: unknown) => {
    throw session.loss === undefined ? toTyped(error, 'commit') : lostDuring(error, 'commit');
  });
  if (reply.command !== 'COMMIT') {
    throw new PermanentError('the server answered COMMIT with a rollback', { code: 'ROLLED_BACK' });
  }
}

function handle(scope: Scope, session: Session, names: () => string): Transaction {
  const run = (statement: Statement) => scope.enqueue(() => execute(session, statement));
  const sql = makeSql(async (statement) => refuseControl(await run(statement), statement), scope.adopt);
  return Object.assign(sql, {
    copy: <T>(
      text: string,
      rows: RowsOnWire,
      consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
    ): Promise<T> => scope.adopt(scope.enqueue(() => copyOut(scope, session, text, rows, consume))),
    script: (text: string) => scope.adopt(scope.enqueue(() => scriptInside(session, text))),
    savepoint: <T>(body: (inner: Transaction) => Promise<T>): Promise<T> => {
      const promise = scope.enqueue(() => savepoint(scope, session, names, body));
      // Its failure is the body's to handle, not the transaction's; a loss is everybody's and known already.
      promise.catch(() => undefined);
      return promise;
    },
  });
}

async function savepoint<T>(
  outer: Scope,
  session: Session,
  names: () => string,
  body: (sql: Transaction) => Promise<T>,
): Promise<T> {
  const name = names();
  await execute(session, command(`savepoint ${name}`));
  const scope = new Scope(outer.owner, outer);
  const ended = await outcome(scope, () => body(handle(scope, session, names)), session);
  if (session.loss !== undefined) throw lostBefore(session.loss, 'savepoint');
  if ('error' in ended) await execute(session, command(`rollback to savepoint ${name}`));
  await execute(session, command(`release savepoint ${name}`));
  if ('error' in ended) throw ended.error;
  return ended.value;
}

/** A statement of the handle's inside `consume` would wait for the COPY, which waits for it: it is refused. */
async function copyOut<T>(
  outer: Scope,
  session: Session,
  text: string,
  rows: RowsOnWire,
  consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
): Promise<T> {
  const scope = new Scope(outer.owner, outer);
  const typed = (error: unknown) =>
    session.loss === undefined || error instanceof CuadreError
      ? asError(toTyped(error, headOf(command(text))))
      : lostBefore(error, headOf(command(text)));
  try {
    return await scope.run(() => session.copy(text, rows, consume, typed));
  } finally {
    await scope.end();
  }
}

async function execute(session: Session, statement: Statement): Promise<Reply> {
  try {
    return await session.run(statement);
  } catch (error) {
    throw session.loss === undefined || error instanceof CuadreError
      ? toTyped(error, headOf(statement))
      : lostBefore(error, headOf(statement));
  }
}

const CONTROL = new Set(['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION']);

export function controlsTransaction(reply: Reply): boolean {
  return CONTROL.has(reply.command);
}

function refuseControl(reply: Reply, statement: Statement): Reply {
  if (controlsTransaction(reply)) throw controlError(headOf(statement));
  return reply;
}

export function controlError(head: string): PermanentError {
  return new PermanentError(`"${head}" begins or ends a transaction; that is what transaction() is for`, {
    code: 'TRANSACTION_CONTROL',
  });
}

/** A script's commands are not told one by one, but now() stands still exactly as long as a transaction lasts. */
async function scriptInside(session: Session, text: string): Promise<void> {
  const began = command('select now()::text as began');
  const before = await execute(session, began);
  await execute(session, command(text));
  const after = await execute(session, began);
  if (before.rows[0]?.['began'] !== after.rows[0]?.['began']) throw controlError('the script');
}

function savepointNames(): () => string {
  let count = 0;
  return () => `s${++count}`;
}
