/** The databases that Cuadre itself gave the upstream's tables carry a mark: data sets are loaded into no other. */
import * as z from 'zod';
import type { Database, Sql } from '../../../functions/core/database.ts';
import { PermanentError } from '../../../functions/core/errors.ts';

// A comment on the database, and not a table in it: no schema changes, and a copy of the database has none.
const MARK = 'Made by Cuadre for local data.';

/** @param database connected as its owner */
export async function markAsMadeHere(database: Database): Promise<void> {
  await database.script(`do $$ begin
    execute format('comment on database %I is %L', current_database(), '${MARK}');
  end $$`);
}

export async function assertMadeHere(sql: Sql): Promise<void> {
  const [row] = await sql(z.strictObject({ name: z.string(), mark: z.string().nullable() }))`
    select datname as name, shobj_description(oid, 'pg_database') as mark
    from pg_database where datname = current_database()`;
  if (row?.mark === MARK) return;
  throw new PermanentError(
    `the database ${row?.name} was not made by Cuadre for local data, so no data set is loaded into it: name a new database`,
    { code: 'FOREIGN_DATABASE' },
  );
}
