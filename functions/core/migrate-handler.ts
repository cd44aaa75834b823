import { join } from 'node:path';
import { databaseConfig } from './config.ts';
import { connect } from './database.ts';
import { createLog } from './log.ts';
import { type MigrationReport, migrate } from './migrate.ts';
import { createMissingUpstream } from './migrations/create-upstream.ts';
import { connectOptions } from './services.ts';

/**
 * Runs by a CDK trigger before the other functions change, and on demand: migrating twice does nothing.
 * It connects as the database's administrator, which no other function may.
 */
export async function handler(): Promise<MigrationReport> {
  const config = databaseConfig(process.env);
  const log = createLog({ level: config.LOG_LEVEL }, { function: 'migrate' });
  const database = connect(connectOptions(config, 'cuadre migrate'));
  try {
    const directory = process.env['SQL_DIRECTORY'] ?? join(import.meta.dirname, 'sql');
    // Only where nobody else makes them: a customer's database has the upstream's tables, or the migration says so.
    if (process.env['UPSTREAM'] === 'create') {
      for (const table of await createMissingUpstream(database, directory)) log.info(`created ${table}`);
    }
    return await migrate(database, directory, (line) => log.info(line));
  } finally {
    await database.close();
  }
}
