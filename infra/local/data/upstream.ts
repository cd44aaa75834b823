/** The upstream's own tables: a customer's database has them, one of ours must be given them. */
import type { Database } from '../../../functions/core/database.ts';
import { createMissingUpstream } from '../../../functions/core/migrations/create-upstream.ts';
import { markAsMadeHere } from './made-here.ts';

/** Creates what sql/sources describes and is missing, and marks the database as one for data sets. */
export async function createUpstream(database: Database, sqlDirectory: string): Promise<void> {
  await createMissingUpstream(database, sqlDirectory);
  await markAsMadeHere(database);
}
