/**
 * Hands out databases to the test files, from vitest's main process: clusters and templates are made once, on the
 * first wish for one, so that a run of unit tests alone starts no PostgreSQL at all.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { loadDataset } from '../../infra/local/data/load.ts';
import { markAsMadeHere } from '../../infra/local/data/made-here.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import type { PostgresVersion } from '../../infra/local/postgres/binaries.ts';
import { type Cluster, startCluster } from '../../infra/local/postgres/cluster.ts';

export const sqlDirectory = join(import.meta.dirname, '../../sql');
export const goldenDirectory = join(import.meta.dirname, '../golden/cabinet-golden');

export const wish = z.strictObject({
  version: z.union([z.literal(15), z.literal(18)]),
  /** `empty`: nothing; `migrated`: the whole schema without rows; `golden`: with the golden data set. */
  content: z.enum(['empty', 'migrated', 'golden']),
});
type Content = z.output<typeof wish>['content'];

interface Home {
  readonly cluster: Cluster;
  readonly admin: Database;
  readonly templates: Map<Content, Promise<string>>;
}

export class DatabaseServer {
  readonly #homes = new Map<PostgresVersion, Promise<Home>>();
  readonly #server: Server;
  #count = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        (body) => response.end(JSON.stringify(body)),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
        },
      );
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
    return `http://127.0.0.1:${address.port}/`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const home of await Promise.allSettled(this.#homes.values())) {
      if (home.status === 'rejected') continue; // its wish was answered with the error
      await home.value.admin.close();
      await home.value.cluster.stop();
    }
  }

  async #answer(request: IncomingMessage): Promise<unknown> {
    const body: unknown = JSON.parse(await text(request));
    return request.method === 'DELETE' ? this.#drop(body) : this.#create(body);
  }

  async #create(body: unknown): Promise<{ url: string }> {
    const { version, content } = wish.parse(body);
    const home = await this.#home(version);
    const template = await this.#template(home, content);
    this.#count += 1;
    const name = `test_${this.#count}`;
    await copy(home, name, template);
    return { url: home.cluster.url(name) };
  }

  /** Answers with what still was connected: a test that leaves a connection behind is at fault. */
  async #drop(body: unknown): Promise<{ leaked: string[] }> {
    const { version, name } = z
      .strictObject({ version: wish.shape.version, name: z.string().regex(/^test_\d+$/) })
      .parse(body);
    const { admin } = await this.#home(version);
    try {
      // Waits 5 s for sessions that are just ending.
      await admin.script(`drop database ${name}`);
      return { leaked: [] };
    } catch {
      const sessions = await admin.sql(z.strictObject({ what: z.string() }))`
        select concat_ws(' ', usename, application_name, state, left(query, 80)) as what
        from pg_stat_activity where datname = ${name}`;
      await admin.script(`drop database ${name} with (force)`);
      return { leaked: sessions.map(({ what }) => what) };
    }
  }

  #home(version: PostgresVersion): Promise<Home> {
    return remembered(this.#homes, version, async () => {
      const cluster = await startCluster({ version, unsafe: true, maxConnections: 200 });
      return { cluster, admin: connect({ url: cluster.url('postgres') }), templates: new Map() };
    });
  }

  #template(home: Home, content: Content): Promise<string> {
    return remembered(home.templates, content, async () => {
      if (content === 'empty') return 'template0';
      await copy(home, content, content === 'golden' ? await this.#template(home, 'migrated') : 'template0');
      const database = connect({ url: home.cluster.url(content) });
      if (content === 'golden') {
        await loadDataset(database, goldenDirectory);
      } else {
        await createUpstream(database, sqlDirectory);
        await migrate(database, sqlDirectory);
      }
      await database.close();
      return content;
    });
  }
}

function remembered<K, V>(map: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** With the mark of a database for data sets, which a copy does not inherit. */
async function copy({ admin, cluster }: Home, name: string, template: string): Promise<void> {
  await admin.script(`create database ${name} template ${template}`);
  if (template === 'template0') return;
  const database = connect({ url: cluster.url(name) });
  await markAsMadeHere(database);
  await database.close();
}
