import { CuadreError, LostError, PermanentError, RetryableError } from '../errors.ts';
import { answerTo, meaningOf } from './sqlstate.ts';

/** What the driver throws for an error that the server reported. */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
}

export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  );
}

/** After these the server has closed, or the session cannot be trusted: never use its connection again. */
export function endsSession(error: unknown): boolean {
  if (!isServerError(error)) return true;
  return error.severity === 'FATAL' || error.severity === 'PANIC';
}

export function reconnects(error: unknown): boolean {
  return endsSession(error) || (isServerError(error) && answerTo(error.code, error.message) === 'reconnect');
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'CONNECTION_LOST';
}

/** An error of our own for something that happened to the connection. */
export function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** `doing` names what failed, without data: a statement's first words, `commit`, `connect to host:port`. */
export function toTyped(error: unknown, doing: string): CuadreError {
  if (error instanceof CuadreError) return error;
  if (!isServerError(error)) return lostBefore(error, doing);
  const meaning = meaningOf(error.code);
  const message = `${error.message} (${[error.code, meaning].filter(Boolean).join(', ')}) in "${doing}"`;
  const options = { code: error.code, cause: error };
  return answerTo(error.code, error.message) === 'permanent'
    ? new PermanentError(message, options)
    : new RetryableError(message, options);
}

export function lostBefore(error: unknown, doing: string): RetryableError {
  return new RetryableError(`the database connection was lost: ${asError(error).message}, in "${doing}"`, {
    code: codeOf(error),
    cause: error,
  });
}

export function lostDuring(error: unknown, doing: string): LostError {
  return new LostError(
    `the database connection was lost during "${doing}" (${asError(error).message}): whether it was done, only the data can tell`,
    { code: 'COMMIT_UNKNOWN', cause: error },
  );
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
