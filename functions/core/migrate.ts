/**
 * Brings a database to the state that the sql directory describes: numbered files once and for ever, then the
 * repeatable objects (views, functions, grants) wherever their text changed.
 *
 * Own code and not a kept library: umzug and node-pg-migrate know numbered steps only and bring a client of their
 * own, postgres-shift does the former without checksums, graphile-migrate and sqitch want psql or a shadow database.
 * None re-applies views in the order of what they require, which is most of what this schema consists of.
 */
import type { Database, Sql, Transaction } from './database.ts';
import { applyObjects, wouldApplyObjects } from './migrations/apply-objects.ts';
import { explained } from './migrations/explained.ts';
import { type Migration, readMigrations } from './migrations/files.ts';
import { readObjects } from './migrations/objects.ts';
import { pendingMigrations, recordedMigrations } from './migrations/recorded-migrations.ts';
import { allowUpstream, readUpstream } from './migrations/upstream.ts';

export { MigrationError } from './migrations/files.ts';

export interface MigrationReport {
  /** Names of the numbered files that were applied now. */
  readonly migrations: readonly string[];
  /** Names of the repeatable objects that were created or replaced. */
  readonly objects: readonly string[];
  /** Names of those dropped because their file is gone. */
  readonly dropped: readonly string[];
  /** Number of the newest migration that the database has. */
  readonly version: number;
}

/**
 * Connected as an administrator: the owner of the database, or a role that may create roles and schemas.
 * May run twice, also at once: every step takes the same lock, looks at what is recorded, and does what is left.
 *
 * @throws MigrationError naming the file and what to do; the steps before it stay applied, each one whole.
 */
export async function migrate(
  database: Database,
  sqlDirectory: string,
  log: (line: string) => void = () => {},
): Promise<MigrationReport> {
  const files = await readMigrations(sqlDirectory);
  const objects = await readObjects(sqlDirectory);
  const upstream = await readUpstream(sqlDirectory);
  const migrations = await database.transaction((sql) => beginHistory(sql, files));
  for (const name of migrations) log(`applied ${name}`);
  await database.transaction(async (sql) => {
    await lookAt(sql, files);
    await allowUpstream(sql, upstream);
  });
  for (;;) {
    const next = await database.transaction((sql) => applyNext(sql, files));
    if (next === null) break;
    migrations.push(next);
    log(`applied ${next}`);
  }
  const report = await database.transaction(async (sql) => {
    const state = await lookAt(sql, files);
    await sql`set local role cuadre_owner`;
    return { ...(await applyObjects(sql, objects)), version: state?.version ?? -1 };
  });
  for (const name of report.applied) log(`replaced ${name}`);
  for (const name of report.dropped) log(`dropped ${name}`);
  return { migrations, objects: report.applied, dropped: report.dropped, version: report.version };
}

/**
 * The report that `migrate` would give, but for `version`, which is the database's as it stands. Takes no lock: it may be
 * asked while a migration runs, and tells what is left then.
 */
export async function wouldMigrate(database: Database, sqlDirectory: string): Promise<MigrationReport> {
  const files = await readMigrations(sqlDirectory);
  const objects = await readObjects(sqlDirectory);
  return database.transaction(async (sql) => {
    const recorded = await recordedMigrations(sql);
    if (recorded === null) {
      return {
        migrations: files.map(({ name }) => name),
        objects: objects.map(({ name }) => name),
        dropped: [],
        version: -1,
      };
    }
    const { todo, version } = pendingMigrations(files, recorded);
    await sql`set local role cuadre_owner`;
    const { applied, dropped } = await wouldApplyObjects(sql, objects);
    return { migrations: todo.map(({ name }) => name), objects: applied, dropped, version };
  });
}

/** Takes the lock, then looks: what another runner applied meanwhile is not to do any more. */
async function lookAt(sql: Sql, files: readonly Migration[]) {
  // Any number that no one else locks; these are the letters "cuadre". Held to the end of the transaction.
  await sql`select pg_advisory_xact_lock(x'637561647265'::bigint)`;
  // Whoever wants a view that waits to be replaced waits too: give way to a job that holds it for longer than this.
  await sql`select set_config('lock_timeout', '30s', true) where current_setting('lock_timeout') = '0'`;
  const recorded = await recordedMigrations(sql);
  return recorded === null ? null : pendingMigrations(files, recorded);
}

/** The first two files make the roles and the table in which all are recorded: one step, or there is no record. */
async function beginHistory(sql: Transaction, files: readonly Migration[]): Promise<string[]> {
  if ((await lookAt(sql, files)) !== null) return [];
  const first = files.filter(({ number }) => number <= 1);
  for (const file of first) await run(sql, file);
  for (const file of first) await record(sql, file);
  return first.map(({ name }) => name);
}

async function applyNext(sql: Transaction, files: readonly Migration[]): Promise<string | null> {
  const next = (await lookAt(sql, files))?.todo[0];
  if (next === undefined) return null;
  await run(sql, next);
  await record(sql, next);
  return next.name;
}

async function run(sql: Transaction, file: Migration): Promise<void> {
  if (!file.administrator) await sql`set local role cuadre_owner`;
  await explained(file.file, file.text, () => sql.script(file.text));
}

async function record(sql: Sql, { number, name, checksum, breaking }: Migration): Promise<void> {
  await sql`set local role cuadre_owner`;
  await sql`
    insert into ops.schema_migrations (number, name, checksum, breaking)
    values (${number}, ${name}, ${checksum}, ${breaking})`;
}
