import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { type ObjectStore, objectStore } from '../../functions/core/object-store.ts';
import { systemClock } from '../../infra/local/clock.ts';
import { localCredentials } from '../../infra/local/lambda/variables.ts';
import { QueueServer } from '../../infra/local/sqs/server.ts';
import { Trail } from '../../infra/local/trail.ts';

/** What happens to a request instead of reaching S3; `cut`: the connection is closed without an answer. */
export type Fault =
  | 'cut'
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> };

export interface Objects {
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly environment: NodeJS.ProcessEnv;
  /** `PUT /bucket/key?query` of every request since the last `reset`. */
  readonly requests: string[];
  /** Called for every request, with how many came before it. */
  fault: (line: string, before: number) => Fault | undefined | Promise<undefined>;
  /** Milliseconds that the store would have waited before repeating. */
  readonly waits: number[];
  /** Keys and sizes in the bucket. */
  list(): Promise<Record<string, number>>;
  /** Parts that S3 has taken since the last `reset`. */
  parts(): number;
  /** Uploads begun and neither completed nor aborted. */
  unfinished(): number;
  reset(): void;
}

const BUCKET = 'files';

/** S3 as the local runtime plays it, behind a wire that can be disturbed. */
export function testObjects(): () => Objects {
  let objects: (Objects & { stop(): Promise<void> }) | undefined;
  beforeAll(async () => {
    objects = await start();
  });
  afterAll(() => objects?.stop());
  return () => {
    if (objects === undefined) throw new Error('the bucket exists from the first beforeAll on');
    return objects;
  };
}

async function start(): Promise<Objects & { stop(): Promise<void> }> {
  const server = await QueueServer.start({ port: 0, trail: new Trail(systemClock) });
  server.objects.create(BUCKET, {});
  const begun = new Set<string>();
  let parts = 0;
  const wire = createServer((incoming, response) => void pass(incoming, response));
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${portOf(wire.address())}`,
  };
  const waits: number[] = [];
  const objects: Objects & { stop(): Promise<void> } = {
    bucket: BUCKET,
    environment,
    store: objectStore(BUCKET, { environment, wait: async (milliseconds) => void waits.push(milliseconds) }),
    requests: [],
    fault: () => undefined,
    waits,
    async list() {
      const response = await fetch(`${server.url}/${BUCKET}?list-type=2`, {
        headers: { authorization: 'Credential=local/' },
      });
      const text = await response.text();
      const found = text.matchAll(/<Key>(.*?)<\/Key>[\s\S]*?<Size>(\d+)<\/Size>/g);
      return Object.fromEntries([...found].map(([, key = '', size]) => [key, Number(size)]));
    },
    parts: () => parts,
    unfinished: () => begun.size,
    reset() {
      objects.requests.length = 0;
      parts = 0;
      waits.length = 0;
      objects.fault = () => undefined;
    },
    async stop() {
      wire.close();
      wire.closeAllConnections();
      await server.stop();
    },
  };

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${incoming.method} ${incoming.url}`;
    const before = objects.requests.length;
    objects.requests.push(line);
    const fault = await objects.fault(line, before);
    // Given up meanwhile.
    if (incoming.destroyed || response.destroyed) return;
    if (fault === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (fault !== undefined) {
      incoming.resume();
      const promised = Number(fault.headers?.['content-length'] ?? fault.body?.length ?? 0);
      incoming.on('end', () => {
        response.writeHead(fault.status, fault.headers);
        if (promised === (fault.body?.length ?? 0)) response.end(fault.body);
        else response.write(fault.body, () => incoming.socket.destroy());
      });
      return;
    }
    const onward = request(
      `${server.url}${incoming.url}`,
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      (answer) => {
        note(line, answer);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    incoming.on('close', () => incoming.complete || onward.destroy());
    incoming.pipe(onward);
  }

  function note(line: string, answer: IncomingMessage): void {
    if (answer.statusCode !== 200 && answer.statusCode !== 204) return;
    const key = line.slice(line.indexOf(' ') + 1).split('?')[0] ?? '';
    if (line.includes('partNumber=')) parts += 1;
    else if (/^POST .*\?uploads/.test(line)) begun.add(key);
    else if (/^(POST|DELETE) .*uploadId=/.test(line)) begun.delete(key);
  }

  return objects;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the wire has no port');
  return address.port;
}
