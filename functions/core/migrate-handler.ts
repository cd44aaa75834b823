import { join } from 'node:path';
import { databaseConfig } from './config.ts';
import { connect } from './database.ts';
import { createLog } from './log.ts';
import { type MigrationReport, migrate } from './migrate.ts';
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
    return await migrate(database, process.env['SQL_DIRECTORY'] ?? join(import.meta.dirname, 'sql'), (line) =>
      log.info(line),
    );
  } finally {
    await database.close();
  }
}
