import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../../infra/local/postgres/cluster.ts';

async function start(options: ClusterOptions): Promise<Cluster> {
  const cluster = await startCluster({ unsafe: true, ...options });
  onTestFinished(() => cluster.stop());
  return cluster;
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'cuadre-test-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return join(path, 'data');
}

async function ask<T>(cluster: Cluster, question: (database: Database) => Promise<T>): Promise<T> {
  const database = connect({ url: cluster.url('postgres') });
  return question(database).finally(() => database.close());
}

describe.each([15, 18] as const)('a cluster of PostgreSQL %i', (version) => {
  test('listens on 127.0.0.1 alone, speaks UTF-8 and UTC, and leaves nothing behind', async () => {
    const cluster = await start({ version, maxConnections: 17, settings: { work_mem: '5MB' } });
    const settings = await ask(
      cluster,
      ({ sql }) =>
        sql(z.strictObject({ name: z.string(), setting: z.string() }))`
        select name, setting from pg_settings
        where name in ('listen_addresses', 'unix_socket_directories', 'max_connections', 'server_encoding', 'TimeZone', 'fsync', 'work_mem')
        order by name collate "C"`,
    );
    expect(settings).toEqual([
      { name: 'TimeZone', setting: 'UTC' },
      { name: 'fsync', setting: 'off' },
      { name: 'listen_addresses', setting: '127.0.0.1' },
      { name: 'max_connections', setting: '17' },
      { name: 'server_encoding', setting: 'UTF8' },
      { name: 'unix_socket_directories', setting: '' },
      { name: 'work_mem', setting: '5120' },
    ]);
    const lower = await ask(
      cluster,
      ({ sql }) => sql(z.strictObject({ text: z.string() }))`select lower('ÁÑ') as text`,
    );
    expect(lower).toEqual([{ text: 'áñ' }]);
    await cluster.stop();
    await cluster.exited;
    await expect(readdir(cluster.directory)).rejects.toThrow('ENOENT');
  });
});

test('a kept directory opens again with its data, safe against a crash unless told otherwise', async () => {
  const kept = await directory();
  const first = await start({ directory: kept });
  await ask(first, (database) => database.script('create table things as select 42 as id'));
  await first.stop();
  const second = await start({ directory: kept, unsafe: false });
  const rows = await ask(
    second,
    ({ sql }) =>
      sql(
        z.strictObject({ id: z.int(), fsync: z.string() }),
      )`select id, current_setting('fsync') as fsync from things`,
  );
  expect(rows).toEqual([{ id: 42, fsync: 'on' }]);
});

test('a directory of another version, or with other things in it, is refused and left alone', async () => {
  const kept = await directory();
  await mkdir(kept);
  await writeFile(join(kept, 'letter.txt'), 'dear');
  await expect(startCluster({ directory: kept })).rejects.toThrow(
    `${kept} is not empty and holds no PostgreSQL data`,
  );
  await writeFile(join(kept, 'PG_VERSION'), '15\n');
  await expect(startCluster({ directory: kept })).rejects.toThrow(
    `${kept} was made by PostgreSQL 15, this is 18`,
  );
  expect(await readdir(kept)).toEqual(['PG_VERSION', 'letter.txt']);
});

test('a directory that a running server uses, and a port that is taken, are errors that say so', async () => {
  const kept = await directory();
  const running = await start({ directory: kept });
  await expect(startCluster({ directory: kept })).rejects.toThrow(
    /lock file "postmaster.pid" already exists/,
  );
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    taken.close();
  });
  await expect(startCluster({ port: running.port })).rejects.toThrow(
    /could not bind IPv4 address "127.0.0.1"/,
  );
});

test('a server that dies is noticed, and stopping it is still fine', async () => {
  const cluster = await start({});
  const [row] = await ask(
    cluster,
    ({ sql }) =>
      sql(
        z.strictObject({ pid: z.int() }),
      )`select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`,
  );
  if (row === undefined) throw new Error('one row was asked for');
  process.kill(row.pid, 'SIGKILL');
  await cluster.exited;
  await cluster.stop();
});

test('a server ends with the process that started it, also when that is killed', async () => {
  const module = join(import.meta.dirname, '../../infra/local/postgres/cluster.ts');
  const script = `import { startCluster } from ${JSON.stringify(module)};
    const { port, directory } = await startCluster({ unsafe: true });
    console.log(JSON.stringify({ port, directory }));`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const { port, directory: data } = z
    .object({ port: z.int(), directory: z.string() })
    .parse(JSON.parse(String(line)));
  onTestFinished(() => rm(dirname(data), { recursive: true, force: true }));
  const connection = createConnection(port, '127.0.0.1');
  await once(connection, 'connect');
  parent.kill('SIGKILL');
  await once(connection.resume(), 'close');
});
