/** A function looks at its cold start whether it understands the schema; the answer holds for its lifetime. */
import * as z from 'zod';
import type { Sql } from './database.ts';
import { CuadreError, RetryableError } from './errors.ts';

/** Number of the newest file in sql/migrations: what this code was written against. A test keeps them equal. */
export const REQUIRED_MIGRATION = 34;

/** Worth another attempt: the migration or the newer code is usually on its way. */
export class SchemaError extends RetryableError {
  override readonly name = 'SchemaError';
}

const stateRow = z.strictObject({ version: z.int(), newer_breaking: z.string().nullable() });

/**
 * @throws SchemaError when the database is behind the code (SCHEMA_BEHIND), or so far ahead that this code must not
 * work on it (SCHEMA_NEWER). A newer schema that is not marked breaking is fine: expand first, contract later.
 */
export async function assertSchema(sql: Sql): Promise<void> {
  const state = await readState(sql);
  if (state.version < REQUIRED_MIGRATION) {
    const found = state.version < 0 ? 'was never migrated' : `is at migration ${state.version}`;
    throw new SchemaError(
      `the database ${found}, this code needs ${REQUIRED_MIGRATION}: call the migrate function with {"dryRun": false} (a deployment does) or, locally, start the stack or "npm run job" again`,
      { code: 'SCHEMA_BEHIND' },
    );
  }
  if (state.newer_breaking !== null) {
    throw new SchemaError(
      `the database is newer than this code (it knows ${REQUIRED_MIGRATION}) and not compatible with it since ${state.newer_breaking}: deploy the newer code`,
      { code: 'SCHEMA_NEWER' },
    );
  }
}

async function readState(sql: Sql): Promise<z.output<typeof stateRow>> {
  try {
    const [state] = await sql(stateRow)`
      select coalesce(max(number), -1) as version,
             min(name) filter (where breaking and number > ${REQUIRED_MIGRATION}::int) as newer_breaking
      from ops.schema_migrations`;
    return state ?? { version: -1, newer_breaking: null };
  } catch (error) {
    // undefined_table, invalid_schema_name
    if (error instanceof CuadreError && ['42P01', '3F000'].includes(error.code)) {
      return { version: -1, newer_breaking: null };
    }
    throw error;
  }
}
