import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type AwsContext, awsContext, domainOf } from '../aws-context.ts';
import {
  canonicalQuery,
  encodePath,
  hashOf,
  type Pairs,
  presign,
  signHeaders,
  UNSIGNED,
} from '../aws-signer.ts';
import { CuadreError, RetryableError } from '../errors.ts';
import { type Answered, exchange, textOf } from './exchange.ts';
import { refusal, refusalIn } from './refusal.ts';

/** One request to S3 about an object, or about its bucket where no key is given. */
export interface ObjectRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key: string;
  readonly query?: Pairs;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Gives the request up, which must be a part's upload at most. */
  readonly signal?: AbortSignal;
}

export interface ConnectionOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly now?: () => Date;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export interface Connection {
  readonly bucket: string;
  /** Repeated while S3 says that it may be. Anything but 2xx without an error in it is a typed error. */
  send(request: ObjectRequest): Promise<Answered>;
  /** As `send`, its body unread. */
  open(request: ObjectRequest): Promise<IncomingMessage>;
  presigned(
    request: Pick<ObjectRequest, 'method' | 'key' | 'query' | 'headers'>,
    expiresSeconds: number,
  ): string;
}

const ATTEMPTS = 4;
/** Signed requests to one bucket. Bodies are not hashed a second time: TLS carries them and S3 checks their CRC. */
export function connectBucket(bucket: string, options: ConnectionOptions = {}): Connection {
  const { environment = process.env, now = () => new Date(), wait = pause } = options;
  const { region, credentials } = awsContext(environment, 'objects in S3 need it');
  const signing = () => ({ service: 's3', region, credentials, now: now() });
  const { base, prefix } = addressOf(bucket, environment, region);
  const place = (key: string) => ({ host: base.host, path: encodePath(`${prefix}/${key}`) });

  function attempt({ method, key, query = [], headers = {}, body = '', signal }: ObjectRequest) {
    const at = place(key);
    const given = { ...headers, 'x-amz-content-sha256': hashOf(UNSIGNED) };
    const search = query.length === 0 ? '' : `?${canonicalQuery(query)}`;
    return exchange({
      base,
      method,
      path: `${at.path}${search}`,
      headers: {
        host: at.host,
        ...signHeaders({ method, ...at, query, headers: given, body: UNSIGNED }, signing()),
      },
      body,
      signal,
    });
  }

  async function repeated<T>(
    request: ObjectRequest,
    read: (incoming: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const what = `${request.method} s3://${bucket}/${request.key}`;
    for (let tried = 1; ; tried += 1) {
      try {
        const incoming = await attempt(request);
        const status = incoming.statusCode ?? 0;
        if (status < 200 || status > 299) throw refusal(what, status, await textOf(incoming));
        return await read(incoming);
      } catch (error) {
        const typed = error instanceof CuadreError ? error : unreachable(what, error);
        const again = typed instanceof RetryableError && request.signal?.aborted !== true;
        if (!again || tried === ATTEMPTS) throw typed;
        await wait(50 * 4 ** (tried - 1) * (0.5 + Math.random()));
      }
    }
  }

  return {
    bucket,
    open: (request) => repeated(request, async (incoming) => incoming),
    send: (request) =>
      repeated(request, async (incoming) => {
        const text = await textOf(incoming);
        const refused = refusalIn(`${request.method} s3://${bucket}/${request.key}`, text);
        if (refused !== undefined) throw refused;
        return { headers: incoming.headers, text };
      }),
    presigned: ({ method, key, query = [], headers = {} }, expiresSeconds) =>
      `${base.protocol}//${presign({ method, ...place(key), query, headers, body: UNSIGNED, expiresSeconds }, signing())}`,
  };
}

/** By the bucket's own host name; behind another endpoint, which may have no such names, by path. */
function addressOf(bucket: string, environment: NodeJS.ProcessEnv, region: AwsContext['region']) {
  const given = environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
  return given === undefined
    ? { base: new URL(`https://${bucket}.s3.${region}.${domainOf(region)}`), prefix: '' }
    : { base: new URL(given), prefix: `/${bucket}` };
}

function unreachable(what: string, cause: unknown): RetryableError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RetryableError(`${what}: ${why}`, { code: 'OBJECT_STORE_UNREACHABLE', cause });
}
