/** A TCP proxy in front of a server that loses, cuts and holds what passes, by a rule the test may change. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Chunk {
  readonly from: 'client' | 'server';
  readonly bytes: Buffer;
  /** Counts the connections made, from 0. */
  readonly connection: number;
}

/**
 * `pass` it on; `drop` it and keep the connection open; `reset` both sides (RST) or `close` them (FIN) without
 * passing it on; `hold` it and what follows it in that direction until `release()`.
 */
export type Fate = 'pass' | 'drop' | 'reset' | 'close' | 'hold' | Part;

/** Passes the first bytes on; the rest meets its own fate. */
export interface Part {
  readonly first: number;
  readonly rest: Exclude<Fate, Part>;
}

export interface TcpProxy {
  readonly port: number;
  /** The same database URL through the proxy. */
  url(direct: string): string;
  /** Decides over every chunk; everything passes at first. */
  rule: (chunk: Chunk) => Fate;
  /** Takes connections but passes nothing on. */
  blackhole(): void;
  /** Ends the connection of that number now, or all, by RST. */
  reset(connection?: number): void;
  /** Passes on what was held, in order. */
  release(): void;
  /** Connections made so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

interface Pair {
  readonly connection: number;
  readonly client: Socket;
  readonly server: Socket;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const held: { readonly to: Socket; readonly bytes: Buffer }[] = [];
  let connections = 0;

  const listener = createServer((client) => {
    const connection = connections;
    connections += 1;
    const pair = { connection, client, server: connect(target) };
    pairs.add(pair);
    for (const [from, one, other] of [
      ['client', client, pair.server],
      ['server', pair.server, client],
    ] as const) {
      one.on('data', (bytes) => pass(pair, other, proxy.rule({ from, bytes, connection }), bytes));
      one.on('error', () => other.destroy());
      one.on('close', () => {
        pairs.delete(pair);
        other.end();
      });
    }
  });

  function pass(pair: Pair, to: Socket, fate: Fate, bytes: Buffer): void {
    if (typeof fate === 'object') {
      pass(pair, to, 'pass', bytes.subarray(0, fate.first));
      pass(pair, to, fate.rest, bytes.subarray(fate.first));
    } else if (fate === 'pass' && !held.some((one) => one.to === to)) to.write(bytes);
    else if (fate === 'pass' || fate === 'hold') held.push({ to, bytes });
    else if (fate === 'reset') cut(pair);
    else if (fate === 'close') {
      pair.client.end();
      pair.server.end();
    }
  }

  /** What was passed on before reaches its side first: a reset overtakes what is still in the buffers. */
  function cut({ client, server }: Pair): void {
    client.resetAndDestroy();
    server.resetAndDestroy();
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
  const { port } = address;

  const proxy: TcpProxy = {
    port,
    rule: () => 'pass',
    url: (direct) => {
      const url = new URL(direct);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    blackhole: () => {
      proxy.rule = () => 'drop';
    },
    reset: (connection) => {
      for (const pair of pairs) if (connection === undefined || pair.connection === connection) cut(pair);
    },
    release: () => {
      for (const { to, bytes } of held.splice(0)) to.write(bytes);
    },
    get connections() {
      return connections;
    },
    stop: async () => {
      listener.close();
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await once(listener, 'close');
    },
  };
  return proxy;
}
