/** What an error of PostgreSQL asks for. `connection`: the session is gone or wrong, another one may do. */
export type Answer = 'retry' | 'reconnect' | 'permanent';

interface Entry {
  readonly meaning: string;
  readonly answer: Answer;
}

/**
 * The SQLSTATEs that are not a permanent failure, and those whose class would answer wrongly.
 * Two characters stand for a whole class; a full code wins over its class; the rest is permanent:
 * the same statement would fail in the same way (22 data, 23 constraints, 42 syntax and names).
 */
const SQLSTATES: Readonly<Record<string, Entry>> = {
  '08': { meaning: 'the connection failed', answer: 'reconnect' },
  '0A000': { meaning: 'not supported', answer: 'permanent' },
  '25006': { meaning: 'the server has become read-only: a failover', answer: 'reconnect' },
  '25P03': { meaning: 'idle in a transaction for too long', answer: 'reconnect' },
  '25P04': { meaning: 'the transaction took too long', answer: 'reconnect' },
  '40': { meaning: 'the transaction was rolled back', answer: 'retry' },
  '40001': { meaning: 'a concurrent transaction came first', answer: 'retry' },
  '40002': { meaning: 'a deferred constraint failed at the end', answer: 'permanent' },
  '40P01': { meaning: 'a deadlock, broken at our cost', answer: 'retry' },
  '53': { meaning: 'the server lacks memory, disk or connections', answer: 'retry' },
  '53300': { meaning: 'too many connections', answer: 'reconnect' },
  '55006': { meaning: 'an object is in use', answer: 'retry' },
  '55P03': { meaning: 'a lock was not free in time', answer: 'retry' },
  '57014': { meaning: 'cancelled, by a person or by statement_timeout', answer: 'retry' },
  '57P01': { meaning: 'the backend was terminated', answer: 'reconnect' },
  '57P02': { meaning: 'the server crashed', answer: 'reconnect' },
  '57P03': { meaning: 'the server is starting or stopping', answer: 'reconnect' },
  '57P05': { meaning: 'the session was idle for too long', answer: 'reconnect' },
  '58': { meaning: "an error of the server's system", answer: 'retry' },
};

/** Those that have an answer of their own: codes, and classes by their two characters. */
export const sqlstates: readonly string[] = Object.keys(SQLSTATES);

/** 0A000 has one innocent case: a view changed under a prepared statement. The next session prepares anew. */
const STALE_PLAN = /cached plan must not change result type/;

export function answerTo(code: string, message: string): Answer {
  if (code === '0A000' && STALE_PLAN.test(message)) return 'reconnect';
  return (SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)])?.answer ?? 'permanent';
}

export function meaningOf(code: string): string | undefined {
  return (SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)])?.meaning;
}
