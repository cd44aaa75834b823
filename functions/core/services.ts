import { type DatabaseConfig, databaseConfig, type WorkerConfig, workerConfig } from './config.ts';
import { passwordFor } from './credentials.ts';
import { type ConnectOptions, connect, type Database } from './database.ts';
import { createLog, type Log } from './log.ts';
import type { ObjectStore } from './object-store.ts';
import { assertSchema } from './schema-check.ts';

/** One connection per purpose and environment, made at the first invocation and kept while the environment lives. */
export interface Environment {
  readonly work: Database;
  readonly control: Database;
  readonly log: Log;
  readonly codeVersion: string;
  readonly config: WorkerConfig;
  /** Another bucket than FILES_BUCKET's. */
  readonly files?: ObjectStore | undefined;
}

/** Kept back of a function's timeout for recording a failure. */
const SETTLING_SECONDS = 10;

/**
 * A connection that was in order so lately need not be asked whether it lives: asking is a third of what a small request
 * costs this process. Networks forget a connection after minutes, and what the server ends is heard.
 */
const AWAKE_MS = 1000;

let environment: Environment | undefined;

/** @throws InputError naming every missing or malformed variable; SchemaError when the database is behind or ahead. */
export async function openEnvironment(name: string): Promise<Environment> {
  if (environment !== undefined) {
    await environment.control.wake(AWAKE_MS);
    return environment;
  }
  const database = databaseConfig(process.env);
  const config = workerConfig(process.env);
  // A statement is given up while there is still time to say so in the ledger; the role's own limit is for the
  // longest function and frees what a killed one left behind.
  const statementTimeoutSeconds = Math.max(1, config.FUNCTION_TIMEOUT_SECONDS - SETTLING_SECONDS);
  const control = connect({ ...connectOptions(database, `${name} control`), statementTimeoutSeconds });
  try {
    await control.wake();
    await assertSchema(control.sql);
  } catch (error) {
    // The next invocation starts afresh: a migration may have run by then.
    await control.close();
    throw error;
  }
  environment = {
    control,
    work: connect({ ...connectOptions(database, `${name} work`), statementTimeoutSeconds }),
    log: createLog({ level: database.LOG_LEVEL }),
    codeVersion: database.CODE_VERSION,
    config,
  };
  return environment;
}

export function connectOptions(config: DatabaseConfig, applicationName: string): ConnectOptions {
  if ('DATABASE_URL' in config) return { url: config.DATABASE_URL, applicationName };
  return {
    host: config.DB_HOST,
    port: config.DB_PORT,
    database: config.DB_NAME,
    user: config.DB_USER,
    password: passwordFor(config),
    prepare: config.DB_PREPARE,
    applicationName,
  };
}
