/** The upstream's own tables: a customer's database has them, one of ours must be given them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../../functions/core/database.ts';
import { markAsMadeHere } from './made-here.ts';

/**
 * Creates what sql/sources describes, empty, and marks the database as one for data sets; where the tables exist
 * already it fails. The grants on them are the migration's, which makes the roles.
 */
export async function createUpstream(database: Database, sqlDirectory: string): Promise<void> {
  const directory = join(sqlDirectory, 'sources');
  const files = (await readdir(directory)).filter((file) => file !== 'grants.sql').sort();
  for (const file of files) await database.script(await readFile(join(directory, file), 'utf8'));
  await markAsMadeHere(database);
}
