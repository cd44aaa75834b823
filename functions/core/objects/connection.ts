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
import { RetryableError } from '../errors.ts';
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
  /** The answer, its body unread; repeated while S3 says that it may be. Anything but 2xx is a typed error. */
  send(request: ObjectRequest): Promise<Response>;
  /** As `send`, and the text of the answer, for operations that answer 200 before they know how they end. */
  sendForText(request: ObjectRequest): Promise<string>;
  presigned(
    request: Pick<ObjectRequest, 'method' | 'key' | 'query' | 'headers'>,
    expiresSeconds: number,
  ): string;
}

const ATTEMPTS = 4;
/** A part of 8 MiB takes a second at a tenth of a Lambda's network. */
const TIMEOUT_MS = 20_000;

/** Signed requests to one bucket. Bodies are not hashed a second time: TLS carries them and S3 checks their CRC. */
export function connectBucket(bucket: string, options: ConnectionOptions = {}): Connection {
  const { environment = process.env, now = () => new Date(), wait = pause } = options;
  const { region, credentials } = awsContext(environment, 'objects in S3 need it');
  const signing = () => ({ service: 's3', region, credentials, now: now() });
  const { base, prefix } = addressOf(bucket, environment, region);
  const place = (key: string) => ({ host: base.host, path: encodePath(`${prefix}/${key}`) });

  async function attempt({ method, key, query = [], headers = {}, body, signal }: ObjectRequest) {
    const at = place(key);
    const given = { ...headers, 'x-amz-content-sha256': hashOf(UNSIGNED) };
    const signed = signHeaders({ method, ...at, query, headers: given, body: UNSIGNED }, signing());
    const search = query.length === 0 ? '' : `?${canonicalQuery(query)}`;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return fetch(`${base.protocol}//${at.host}${at.path}${search}`, {
      method,
      headers: signed,
      body: body ?? null,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  }

  async function repeated<T>(request: ObjectRequest, read: (response: Response) => Promise<T>): Promise<T> {
    const what = `${request.method} s3://${bucket}/${request.key}`;
    for (let tried = 1; ; tried += 1) {
      try {
        const response = await attempt(request).catch((cause: unknown) => {
          throw unreachable(what, cause);
        });
        if (!response.ok) throw await refusal(what, response);
        return await read(response);
      } catch (error) {
        const again = error instanceof RetryableError && request.signal?.aborted !== true;
        if (!again || tried === ATTEMPTS) throw error;
        await wait(50 * 4 ** (tried - 1) * (0.5 + Math.random()));
      }
    }
  }

  return {
    bucket,
    send: (request) => repeated(request, async (response) => response),
    sendForText: (request) =>
      repeated(request, async (response) => {
        const text = await response.text();
        const refused = refusalIn(`${request.method} s3://${bucket}/${request.key}`, text);
        if (refused !== undefined) throw refused;
        return text;
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
