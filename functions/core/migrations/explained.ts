import { LostError, RetryableError } from '../errors.ts';
import { MigrationError } from './files.ts';

/**
 * Puts the file's name, and the line where PostgreSQL knows it, into whatever its text was refused for. What may be
 * tried again (a lost connection, a lock that was not to be had) stays retryable.
 */
export async function explained<T>(file: string, text: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof LostError || error instanceof MigrationError) throw error;
    if (error instanceof RetryableError) {
      throw new RetryableError(`${file} could not be applied now: ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
    const server = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const message = server instanceof Error ? server.message : String(server);
    const more = [field(server, 'detail'), field(server, 'hint')].filter((part) => part !== undefined);
    const position = Number(field(server, 'position') ?? 0);
    const line = position > 0 ? `:${text.slice(0, position).split('\n').length}` : '';
    throw new MigrationError(`${file}${line} could not be applied: ${[message, ...more].join('; ')}`, {
      code: 'MIGRATION_FAILED',
      cause: error,
    });
  }
}

function field(error: unknown, name: string): string | undefined {
  const found: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}
