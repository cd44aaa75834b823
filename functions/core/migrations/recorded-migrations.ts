/** What the database says was applied, and whether the code's files can go on from there. */
import * as z from 'zod';
import type { Sql } from '../database.ts';
import { type Migration, MigrationError } from './files.ts';

const recordedMigration = z.strictObject({
  number: z.int(),
  name: z.string(),
  checksum: z.string(),
  breaking: z.boolean(),
});
export type RecordedMigration = z.output<typeof recordedMigration>;

/** Null on a database that was never migrated. Ends as the connecting role, whoever that is. */
export async function recordedMigrations(sql: Sql): Promise<RecordedMigration[] | null> {
  const [found] = await sql(z.strictObject({ exists: z.boolean() }))`
    select exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'ops' and c.relname = 'schema_migrations'
    ) as exists`;
  if (found?.exists !== true) return null;
  await sql`set local role cuadre_owner`;
  const rows = await sql(recordedMigration)`
    select number, name, checksum, breaking from ops.schema_migrations order by number`;
  await sql`set local role none`;
  return rows;
}

/** The migrations still to apply, in order, and the last one applied. Refuses a history that the files do not continue. */
export function pendingMigrations(
  files: readonly Migration[],
  recorded: readonly RecordedMigration[],
): { todo: Migration[]; version: number } {
  const byNumber = new Map(files.map((file) => [file.number, file]));
  const newest = files.at(-1)?.number ?? -1;
  const last = recorded.at(-1)?.number ?? -1;
  for (const row of recorded) {
    const file = byNumber.get(row.number);
    if (file === undefined && row.number < newest) {
      throw new MigrationError(
        `the database has applied ${row.name}, which sql/migrations does not contain: it belongs to another version of the code; deploy that one, or use another database`,
        { code: 'MIGRATION_UNKNOWN' },
      );
    }
    if (file === undefined && row.breaking) {
      throw new MigrationError(
        `the database is newer than this code and not compatible with it (${row.name}): deploy the newer code`,
        { code: 'SCHEMA_NEWER' },
      );
    }
    if (file !== undefined && (file.name !== row.name || file.checksum !== row.checksum)) {
      throw new MigrationError(
        `${file.file} is not what was applied to the database as ${row.name}: restore that text, and put the change into a new migration`,
        { code: 'MIGRATION_CHANGED' },
      );
    }
  }
  const known = new Set(recorded.map((row) => row.number));
  const todo = files.filter((file) => !known.has(file.number));
  const late = todo.find((file) => file.number < last);
  if (late !== undefined) {
    throw new MigrationError(
      `${late.file} comes before the last applied migration (${recorded.at(-1)?.name}): give it the next free number`,
      { code: 'MIGRATION_LATE' },
    );
  }
  return { todo, version: last };
}
