import { crc32 } from 'node:zlib';
import type { buildApp } from 'fauxqs';
import type { Gate } from '../iam/gate.ts';
import type { S3Store, Spy } from '../sqs/parts.ts';
import type { Trail } from '../trail.ts';
import { isPresigned, type Refusal, refusedLink } from './link.ts';
import { neededFor, type ObjectCall, placeOf } from './operation.ts';
import { type BucketProperties, bucketArn } from './types.ts';

type App = ReturnType<typeof buildApp>;

/** An upload by a link is one request; S3 takes 5 GB of it. Larger ones here would be in memory whole. */
const MOST_BYTES = 512 * 1024 * 1024;
const DAY_MS = 86_400_000;

/**
 * S3, played by the fauxqs package on the queues' address. Added here is what that leaves out and a function may rely
 * on: who may do what, links that expire and hold only for what was signed, and a refusal of damaged bodies.
 */
export class ObjectServer {
  readonly #store: S3Store;
  #gate: Gate = () => undefined;

  constructor(app: App, store: S3Store, spy: Spy, trail: Trail) {
    this.#store = store;
    store.spy = objectSpy(spy, trail);
    app.addContentTypeParser(
      /^/,
      { parseAs: 'buffer', bodyLimit: MOST_BYTES },
      async (_request: unknown, body: unknown) => body,
    );
    app.addHook('preHandler', async (request, reply) => {
      if (!isObjectCall(request)) return;
      const refusal = this.#refused(callOf(request), request.body);
      if (refusal !== undefined) await reply.code(refusal.status).type('application/xml').send(xml(refusal));
    });
    app.addHook('onSend', async (request, reply) => {
      if (!isObjectCall(request) || request.method !== 'GET' || reply.statusCode >= 300) return;
      for (const [name, value] of callOf(request).url.searchParams) {
        const [, header] = /^response-(content-disposition|content-type|cache-control)$/.exec(name) ?? [];
        if (header !== undefined) reply.header(header, value);
      }
    });
  }

  /** From now on only calls that it lets through are answered. */
  guardWith(gate: Gate): void {
    this.#gate = gate;
  }

  /** Creates the bucket with the objects that were kept of it; what its rules say has expired is gone. */
  create(name: string, { LifecycleConfiguration }: BucketProperties): void {
    this.#store.createBucket(name);
    for (const { Status, Prefix, ExpirationInDays: days } of LifecycleConfiguration?.Rules ?? []) {
      if (Status !== 'Enabled' || days === undefined) continue;
      const oldest = Date.now() - days * DAY_MS;
      const { objects } = this.#store.listObjects(name, { prefix: Prefix, maxKeys: Number.MAX_SAFE_INTEGER });
      const expired = objects.filter(({ lastModified }) => lastModified.getTime() < oldest);
      this.#store.deleteObjects(
        name,
        expired.map(({ key }) => key),
      );
    }
  }

  #refused(call: ObjectCall, body: unknown): Refusal | undefined {
    const presigned = isPresigned(call);
    const authorization = presigned
      ? `Credential=${call.url.searchParams.get('X-Amz-Credential') ?? ''}`
      : call.headers['authorization'];
    if (authorization === undefined) return denied('Access Denied');
    const broken = presigned ? refusedLink(call, Date.now()) : undefined;
    if (broken !== undefined) return broken;
    const forbidden = neededFor(call)
      .map(({ action, resource }) => this.#gate(authorization, action, resource))
      .find((message) => message !== undefined);
    if (forbidden !== undefined) return denied(forbidden);
    return this.#hidden(call, authorization) ?? damaged(call, body);
  }

  /** Whoever may not list the bucket is not told that an object is not there. */
  #hidden(call: ObjectCall, authorization: string): Refusal | undefined {
    const { bucket, key } = placeOf(call);
    if (key === '' || (call.method !== 'GET' && call.method !== 'HEAD')) return undefined;
    const there =
      this.#store.hasBucket(bucket) &&
      this.#store.listObjects(bucket, { prefix: key }).objects.some((each) => each.key === key);
    const message = there ? undefined : this.#gate(authorization, 's3:ListBucket', bucketArn(bucket));
    return message === undefined ? undefined : denied(message);
  }
}

interface Incoming {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** SQS has the address without a path; its forms of before 2023 go to their queue's. */
export function isObjectCall({ method, routeOptions, headers }: Incoming): boolean {
  if (String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return false;
  const { url = '' } = routeOptions;
  return url.startsWith('/:bucket') || (url === '/' && method === 'GET');
}

function callOf({ method, originalUrl, headers }: Incoming): ObjectCall {
  return {
    method,
    url: new URL(originalUrl, 'http://127.0.0.1'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')])),
  };
}

function denied(message: string): Refusal {
  return { status: 403, code: 'AccessDenied', message };
}

/** The body is not what its checksum says; fauxqs stores it all the same. */
function damaged({ headers }: ObjectCall, body: unknown): Refusal | undefined {
  const claimed = headers['x-amz-checksum-crc32'];
  if (
    claimed === undefined ||
    !Buffer.isBuffer(body) ||
    headers['content-encoding']?.includes('aws-chunked')
  ) {
    return undefined;
  }
  return Buffer.from(claimed, 'base64').equals(crcOf(body))
    ? undefined
    : { status: 400, code: 'BadDigest', message: 'The CRC32 you specified did not match what we received.' };
}

function crcOf(body: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes;
}

function xml({ code, message }: Refusal): string {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`;
}

function objectSpy(spy: Spy, trail: Trail): Spy {
  spy.addMessage = (event) => {
    if (event.service !== 's3') return;
    const { bucket, key } = event;
    if (event.status === 'deleted') trail.record({ kind: 'object.deleted', bucket, key });
    else if (event.status !== 'downloaded') trail.record({ kind: 'object.stored', bucket, key });
  };
  return spy;
}
