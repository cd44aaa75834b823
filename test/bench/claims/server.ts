import * as z from 'zod';
import { connect, type Database } from '../../../functions/core/database.ts';
import { type Cluster, startCluster } from '../../../infra/local/postgres/cluster.ts';

/**
 * What one would give a database of this size on 2 cores and 24 GB; the rest is PostgreSQL's own default, or the
 * jobs' role's own setting, which a migration makes.
 */
export const settings = {
  shared_buffers: '6GB',
  effective_cache_size: '16GB',
  maintenance_work_mem: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  random_page_cost: '1.1',
  // Statistics and visibility are made once, in what every measurement is a copy of: it must not change underneath.
  autovacuum: 'off',
} as const;

export type Role = 'postgres' | 'cuadre_jobs' | 'cuadre_reader';

/** A cluster that is thrown away, also on Ctrl-C: it is gigabytes. */
export class Server {
  readonly #cluster: Cluster;
  readonly #admin: Database;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#admin = connect({ url: cluster.url('postgres'), applicationName: 'bench server' });
  }

  static async start(): Promise<Server> {
    const server = new Server(await startCluster({ settings }));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void server.#cluster.stop().finally(() => process.exit(2)));
    }
    return server;
  }

  /** Connected to the database `postgres`: what is measured is not disturbed by it. */
  get admin(): Database {
    return this.#admin;
  }

  url(database: string, role: Role): string {
    return this.#cluster.url(database, role);
  }

  /** A connection for the time of the work. */
  async as<T>(role: Role, database: string, work: (connection: Database) => Promise<T>): Promise<T> {
    const connection = connect({ url: this.url(database, role), applicationName: 'bench' });
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  async create(database: string): Promise<void> {
    await this.#admin.script(`create database ${database}`);
  }

  /**
   * The same rows on the same pages, file by file: by default every page would go through the log. Ends with a
   * checkpoint, so that none begins during the measurement.
   */
  async copy(from: string, to: string): Promise<void> {
    await this.#admin.script(`create database ${to} template ${from} strategy file_copy`);
    await this.#admin.script('checkpoint');
  }

  async drop(database: string): Promise<void> {
    await this.#admin.script(`drop database ${database}`);
  }

  async stop(): Promise<void> {
    await this.#admin.close();
    await this.#cluster.stop();
  }
}

/** `work_mem 64MB` and so on: what the role brings to every session. */
export async function roleSettings(admin: Database, role: Role): Promise<string[]> {
  const found = await admin.sql(z.strictObject({ setting: z.string() }))`
    select replace(unnest(s.setconfig), '=', ' ') as setting
    from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where r.rolname = ${role}`;
  return found.map(({ setting }) => setting);
}
