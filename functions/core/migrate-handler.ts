import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { databaseConfig } from './config.ts';
import { connect } from './database.ts';
import { parse } from './input.ts';
import { createLog } from './log.ts';
import { type MigrationReport, migrate, wouldMigrate } from './migrate.ts';
import { createMissingUpstream, missingUpstream } from './migrations/create-upstream.ts';
import { connectOptions } from './services.ts';

export const migrateInput = z.strictObject({ dryRun: z.boolean().optional() });

/** `upstream`: the upstream's tables that were made, where nobody else makes them. */
type Answer = MigrationReport & { readonly upstream: readonly string[]; readonly dryRun: boolean };

/**
 * Runs by a CDK trigger before the other functions change, and on demand: migrating twice does nothing. A person's `{}`
 * says what stands and what is pending. It connects as the database's administrator, which no other function may.
 */
export async function handler(event: unknown, context: Pick<Context, 'functionVersion'>): Promise<Answer> {
  const dryRun = parse(migrateInput, event).dryRun ?? !byDeployment(context);
  const config = databaseConfig(process.env);
  const log = createLog({ level: config.LOG_LEVEL }, { function: 'migrate' });
  const database = connect(connectOptions(config, 'cuadre migrate'));
  try {
    const directory = process.env['SQL_DIRECTORY'] ?? join(import.meta.dirname, 'sql');
    // Only where nobody else makes them: a customer's database has the upstream's tables, or the migration says so.
    const makesUpstream = process.env['UPSTREAM'] === 'create';
    if (dryRun) {
      const missing = makesUpstream ? await missingUpstream(database, directory) : [];
      const upstream = missing.map(({ table }) => table);
      return { ...(await wouldMigrate(database, directory)), upstream, dryRun };
    }
    const upstream = makesUpstream ? await createMissingUpstream(database, directory) : [];
    for (const table of upstream) log.info(`created ${table}`);
    return { ...(await migrate(database, directory, (line) => log.info(line))), upstream, dryRun };
  } finally {
    await database.close();
  }
}

/**
 * CDK's trigger sends no event, which arrives as the `{}` of a person. What tells them apart is what is called: the
 * trigger's is the version that the deployment published, a person's the function. A custom resource of our own could send
 * an event, but would go to the function whatever version is deployed: a deployment that is taken back would then
 * migrate by the code that it takes back.
 */
function byDeployment({ functionVersion }: Pick<Context, 'functionVersion'>): boolean {
  return functionVersion !== '$LATEST';
}
