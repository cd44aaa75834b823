/**
 * One embedded PostgreSQL cluster on 127.0.0.1: for the local stack, where its directory may be kept, and for
 * the tests, where it is thrown away.
 *
 * Authentication is `trust`: the port is reachable from this machine alone, is chosen at random unless given, and
 * the tokens that the functions sign for AWS (IAM) cannot be verified by any local server.
 */
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PermanentError } from '../../../functions/core/errors.ts';
import { type PostgresVersion, type RunAs, runnableBinaries, unprivilegedUser } from './binaries.ts';
import { initialise, type Server, startServer } from './server.ts';

export interface ClusterOptions {
  /** 18 unless given; 15 is the oldest that a customer may bring. */
  readonly version?: PostgresVersion;
  /** Kept here and reopened with its data; without it, a temporary directory that stop() deletes. */
  readonly directory?: string;
  /** A free one unless given. */
  readonly port?: number;
  /** 100 unless given. */
  readonly maxConnections?: number;
  /** Trades safety against a machine crash for speed: for data that can be made again. */
  readonly unsafe?: boolean;
  /** More server settings, e.g. `{ shared_buffers: '512MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Cluster {
  readonly version: PostgresVersion;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Where the data is. */
  readonly directory: string;
  /** Connection URL; the superuser `postgres` unless a role is named. */
  url(database: string, user?: string): string;
  /** Resolves when the server is gone, asked for or not. */
  readonly exited: Promise<void>;
  /** Ends sessions, writes everything down, and deletes what is temporary. May be called twice. */
  stop(): Promise<void>;
}

const unsafeSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const version = options.version ?? 18;
  const user = await unprivilegedUser();
  const scratch = await mkdtemp(join(tmpdir(), 'cuadre-postgres-'));
  let server: Server;
  const data = options.directory === undefined ? join(scratch, 'data') : resolve(options.directory);
  try {
    await own(scratch, user);
    const binaries = await runnableBinaries(version, user, join(scratch, 'native'));
    if (!(await holdsCluster(data, version))) await create(data, version, user, binaries.initdb);
    const settings = {
      max_connections: String(options.maxConnections ?? 100),
      ...(options.unsafe === true ? unsafeSettings : {}),
      ...options.settings,
    };
    const plan = { postgres: binaries.postgres, directory: data, user, settings, scratch };
    server = await startServer(plan, options.port);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
  return {
    version,
    host: '127.0.0.1',
    port: server.port,
    directory: data,
    url: (database, role = 'postgres') => `postgres://${role}@127.0.0.1:${server.port}/${database}`,
    exited: server.exited,
    stop: async () => {
      await server.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Made beside its place and moved there whole: an interrupted start leaves no half cluster behind. */
async function create(data: string, version: PostgresVersion, user: RunAs, initdb: string): Promise<void> {
  const fresh = `${data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await own(fresh, user);
    await initialise(initdb, fresh, version, user);
    await rename(fresh, data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function own(directory: string, user: RunAs): Promise<void> {
  if (user.uid !== undefined && user.gid !== undefined) await chown(directory, user.uid, user.gid);
}

/** True when the directory holds a cluster of this version, false when it is free; anything else is refused. */
async function holdsCluster(directory: string, version: PostgresVersion): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  if (names.length === 0) return false;
  if (!names.includes('PG_VERSION')) {
    throw new PermanentError(
      `the directory ${directory} is not empty and holds no PostgreSQL data: name another one`,
      {
        code: 'POSTGRES_DIRECTORY_TAKEN',
      },
    );
  }
  const found = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (found !== String(version)) {
    throw new PermanentError(
      `the directory ${directory} was made by PostgreSQL ${found}, this is ${version}: name another directory`,
      { code: 'POSTGRES_OTHER_VERSION' },
    );
  }
  return true;
}
