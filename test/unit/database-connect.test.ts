import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../functions/core/database.ts';
import { type Cluster, startCluster } from '../../infra/local/postgres/cluster.ts';
import { selfSigned } from '../support/certificate.ts';
import { testDatabase } from '../support/database.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const opened: Database[] = [];
function open(options: ConnectOptions): Database {
  const database = connect(options);
  opened.push(database);
  return database;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

describe('a server that cannot be reached', () => {
  const database = testDatabase({ empty: true });
  let proxy: TcpProxy;

  beforeEach(async () => {
    const { hostname, port } = new URL(database.url());
    proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  });
  afterEach(() => proxy.stop());

  test('refuses: worth another attempt, saying where', async () => {
    const gone = await startTcpProxy({ host: '127.0.0.1', port: 1 });
    await gone.stop();
    const { port } = gone;
    const subject = open({ host: '127.0.0.1', port, database: 'd' });
    await expect(subject.wake()).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'ECONNREFUSED',
      message: expect.stringContaining(`connect to 127.0.0.1:${port}/d`),
    });
  });

  test('is silent: given up in time, and taken up again when it speaks', async () => {
    const subject = open({ url: proxy.url(database.url()), connectTimeoutSeconds: 0.2 });
    proxy.blackhole();
    await expect(subject.wake()).rejects.toMatchObject({ name: 'RetryableError', code: 'CONNECT_TIMEOUT' });
    proxy.rule = () => 'pass';
    expect(await subject.sql`select 1`).toBe(1);
  });

  test('hangs up at once: told at once, without trying again and again', async () => {
    proxy.rule = () => 'close';
    const subject = open({ url: proxy.url(database.url()) });
    await expect(subject.wake()).rejects.toMatchObject({ name: 'RetryableError', code: 'CONNECTION_CLOSED' });
    expect(proxy.connections).toBe(1);
  });

  test('has no such database: permanent', async () => {
    const url = new URL(database.url());
    url.pathname = '/nowhere';
    await expect(open({ url: url.href }).wake()).rejects.toMatchObject({
      name: 'PermanentError',
      code: '3D000',
    });
  });

  test('a password that cannot be had is told as it is, and asked for again', async () => {
    const password = vi.fn().mockRejectedValueOnce(new Error('the vault is shut')).mockResolvedValue('open');
    const subject = open({ url: database.url(), password });
    await expect(subject.wake()).rejects.toThrow('the vault is shut');
    await subject.wake();
    expect(password.mock.calls).toEqual([[false], [false]]);
  });
});

describe('passwords', () => {
  let cluster: Cluster;
  let admin: Database;

  beforeAll(async () => {
    cluster = await startCluster({ unsafe: true });
    admin = connect({ url: cluster.url('postgres') });
    await admin.script(`create role scram login password 'old'; set password_encryption = 'md5';
      create role md5 login password 'old'; create role other login password 'own'`);
    const rules = join(cluster.directory, 'pg_hba.conf');
    const trusting = await readFile(rules, 'utf8');
    await writeFile(rules, `host all scram,other all scram-sha-256\nhost all md5 all md5\n${trusting}`);
    await admin.sql`alter role other password 'own'`;
    await admin.sql`select pg_reload_conf()`;
  });
  afterAll(async () => {
    await admin.close();
    await cluster.stop();
  });
  const at = (user: string) => ({ host: cluster.host, port: cluster.port, database: 'postgres', user });

  test.each(['scram', 'md5'])('%s: the right one opens, a wrong one is a permanent error', async (user) => {
    expect(await open({ ...at(user), password: 'old' }).sql`select 1`).toBe(1);
    await expect(open({ ...at(user), password: 'wrong' }).wake()).rejects.toMatchObject({
      name: 'PermanentError',
      code: '28P01',
    });
  });

  test('one that was rotated meanwhile is asked for once more', async () => {
    const password = vi.fn(async (refused: boolean) => (refused ? 'old' : 'stale'));
    expect(await open({ ...at('scram'), password }).sql`select 1`).toBe(1);
    expect(password.mock.calls).toEqual([[false], [true]]);
  });

  test('one that stays wrong is asked for no more than that', async () => {
    const password = vi.fn(async () => 'wrong');
    await expect(open({ ...at('scram'), password }).wake()).rejects.toMatchObject({ code: '28P01' });
    expect(password).toHaveBeenCalledTimes(2);
  });

  test('a login may name the user too', async () => {
    const subject = open({ ...at('scram'), password: async () => ({ user: 'other', password: 'own' }) });
    expect(await subject.sql`select where current_user = 'other'`).toBe(1);
  });
});

describe('TLS', () => {
  const database = testDatabase({ empty: true });
  const trusted = selfSigned('localhost');
  let server: Server;
  /** What the server answers to the wish for TLS. */
  let answer: string;

  beforeAll(async () => {
    const { hostname, port } = new URL(database.url());
    server = createServer((client) => {
      client.once('data', () => {
        client.write(answer);
        if (answer !== 'S') return;
        const inside = new TLSSocket(client, { isServer: true, ...trusted });
        const target = connectTcp(Number(port), hostname);
        for (const [from, to] of [
          [inside, target],
          [target, inside],
        ] satisfies [Socket, Socket][]) {
          from.on('error', () => to.destroy());
          from.pipe(to);
        }
      });
      client.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    answer = 'S';
  });
  afterAll(() => {
    server.close();
  });

  function subject(tls: ConnectOptions['tls'], host = 'localhost'): Database {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
    const { port } = address;
    return open({ url: database.url(), host, port, tls, connectTimeoutSeconds: 2 });
  }

  test('to a server whose certificate is trusted', async () => {
    expect(await subject({ ca: trusted.cert }).sql`select 1`).toBe(1);
  });

  test.each([
    ['not trusted', true, 'localhost', /DEPTH_ZERO_SELF_SIGNED_CERT/],
    ['for another host', { ca: trusted.cert }, '127.0.0.1', /ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('not to one whose certificate is %s', async (_, tls, host, why) => {
    await expect(subject(tls, host).wake()).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'TLS_UNTRUSTED',
      message: expect.stringMatching(why),
    });
  });

  test.each([
    ['that does not speak it', 'N'],
    ['that slips something in before it', 'SN'],
  ])('not to one %s', async (_, bytes) => {
    answer = bytes;
    await expect(subject({ ca: trusted.cert }).wake()).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'TLS_REFUSED',
    });
  });
});
