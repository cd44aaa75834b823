/** The databases that Cuadre itself made on this machine carry a mark: data sets are loaded into no other. */
import * as z from 'zod';
import type { Database, Sql } from '../../../functions/core/database.ts';
import { PermanentError } from '../../../functions/core/errors.ts';

const MARK = 'Made by Cuadre for local data.';

/**
 * @param server connected to another database of the same server, as one who may create databases
 * @param template a database to copy, which nobody may be connected to
 */
export async function createLocalDatabase(
  server: Database,
  name: string,
  template = 'template1',
): Promise<void> {
  await server.script(`create database ${quoted(name)} template ${quoted(template)}`);
  await server.script(`comment on database ${quoted(name)} is '${MARK}'`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export async function assertCreatedHere(sql: Sql): Promise<void> {
  const [row] = await sql(z.strictObject({ name: z.string(), mark: z.string().nullable() }))`
    select datname as name, shobj_description(oid, 'pg_database') as mark
    from pg_database where datname = current_database()`;
  if (row?.mark === MARK) return;
  throw new PermanentError(
    `the database ${row?.name} was not made by Cuadre for local data, so no data set is loaded into it: name a new database`,
    { code: 'FOREIGN_DATABASE' },
  );
}
