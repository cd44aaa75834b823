/** The upstream's own tables where nobody else makes them: on a cluster of ours, which the upstream then fills. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readText } from './files.ts';

/**
 * Creates, empty, what sql/sources describes and the database lacks; a table that is there is left as it is.
 * The grants on them are the migration's, which makes the roles.
 * @returns the names of the tables created
 */
export async function createMissingUpstream(database: Database, sqlDirectory: string): Promise<string[]> {
  const missing = await missingUpstream(database, sqlDirectory);
  for (const { text } of missing) await database.script(text);
  return missing.map(({ table }) => table);
}

/** What that would create. */
export async function missingUpstream(
  database: Database,
  sqlDirectory: string,
): Promise<{ readonly table: string; readonly text: string }[]> {
  const directory = join(sqlDirectory, 'sources');
  const missing: { table: string; text: string }[] = [];
  for (const file of (await readdir(directory)).filter((name) => !name.startsWith('grants')).sort()) {
    const text = await readText(join(directory, file));
    const table = /^create table ([\w.]+)/m.exec(text)?.[1];
    if (table === undefined) throw new Error(`sql/sources/${file} creates no table`);
    const [found] = await database.sql(z.strictObject({ there: z.boolean() }))`
      select to_regclass(${table}) is not null as there`;
    if (found?.there !== true) missing.push({ table, text });
  }
  return missing;
}
