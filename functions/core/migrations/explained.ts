import { LostError, RetryableError } from '../errors.ts';
import { MigrationError } from './files.ts';

/** Puts the file's name into whatever its text was refused for; a lost connection stays what it is. */
export async function explained<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof RetryableError || cause instanceof LostError || cause instanceof MigrationError)
      throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    const detail =
      cause instanceof Error && 'detail' in cause && typeof cause.detail === 'string'
        ? ` (${cause.detail})`
        : '';
    throw new MigrationError(`${what} could not be applied: ${message}${detail}`, {
      code: 'MIGRATION_FAILED',
      cause,
    });
  }
}
