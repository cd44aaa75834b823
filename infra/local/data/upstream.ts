/** The upstream's own tables: a customer's database has them, one of ours must be given them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../../functions/core/database.ts';

/** Creates what sql/sources describes; its grants are the migration's, which makes the roles. */
export async function createUpstream(database: Database, sqlDirectory: string): Promise<void> {
  const directory = join(sqlDirectory, 'sources');
  const files = (await readdir(directory)).filter((file) => file !== 'grants.sql').sort();
  for (const file of files) await database.script(await readFile(join(directory, file), 'utf8'));
}
