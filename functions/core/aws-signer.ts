import { createHash, createHmac } from 'node:crypto';

/**
 * AWS Signature Version 4 for the calls that are few: the IAM token, reading a secret, and S3 (object-store.ts).
 * The SDK's clients would add 270 KB to every function for the first two, and 302 KB for the third.
 */
export interface Signing {
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly now: Date;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials have one; a Lambda's always do. */
  readonly sessionToken?: string | undefined;
}

export type Pairs = readonly (readonly [string, string])[];

export interface Request {
  readonly method: string;
  readonly host: string;
  /** As it travels, encoded once (`encodePath`). Default: `/`, the only one before S3's. */
  readonly path?: string;
  readonly query: Pairs;
  /** Without `host`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its hash is signed; `UNSIGNED` where TLS and a checksum of its own vouch for it. */
  readonly body: string | typeof UNSIGNED;
}

export interface Presigned extends Omit<Request, 'method' | 'headers' | 'body'> {
  /** Default: GET. */
  readonly method?: string;
  /** Without `host`; whoever uses the URL must send exactly these. */
  readonly headers?: Request['headers'];
  readonly body?: Request['body'];
  readonly expiresSeconds: number;
}

/** A body that the signature does not cover, which of all services S3 alone allows. */
export const UNSIGNED: unique symbol = Symbol('UNSIGNED-PAYLOAD');

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The headers to send, those given included. `host` is signed, but left to the HTTP client to send. */
export function signHeaders(request: Request, signing: Signing): Record<string, string> {
  const { sessionToken } = signing.credentials;
  const headers = {
    ...request.headers,
    'x-amz-date': stamp(signing.now),
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = signedNames({ ...headers, host: request.host });
  const signature = sign({ ...request, headers }, signing);
  const credential = `${signing.credentials.accessKeyId}/${scopeOf(signing)}`;
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** `host/path?query` with the signature in the query, without a scheme. */
export function presign(request: Presigned, signing: Signing): string {
  const { accessKeyId, sessionToken } = signing.credentials;
  const { method = 'GET', host, path = '/', headers = {}, body = '' } = request;
  const query: Pairs = [
    ...request.query,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${accessKeyId}/${scopeOf(signing)}`],
    ['X-Amz-Date', stamp(signing.now)],
    ['X-Amz-Expires', String(request.expiresSeconds)],
    ...(sessionToken === undefined ? [] : [['X-Amz-Security-Token', sessionToken] as const]),
    ['X-Amz-SignedHeaders', signedNames({ ...headers, host })],
  ];
  const signature = sign({ method, host, path, query, headers, body }, signing);
  return `${host}${path}?${canonicalQuery(query)}&X-Amz-Signature=${signature}`;
}

/** A path as S3 wants it sent and signed: every segment encoded, once. */
export function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** A query string as it is signed. */
export function canonicalQuery(query: Pairs): string {
  return query
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function sign(request: Request, signing: Signing): string {
  const headers = { ...request.headers, host: request.host };
  const canonicalRequest = [
    request.method,
    request.path ?? '/',
    canonicalQuery(request.query),
    ...lowerCased(headers).map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    signedNames(headers),
    hashOf(request.body),
  ].join('\n');
  const stringToSign = [ALGORITHM, stamp(signing.now), scopeOf(signing), sha256(canonicalRequest)].join('\n');
  const key = scopeParts(signing).reduce<string | Buffer>(hmac, `AWS4${signing.credentials.secretAccessKey}`);
  return hmac(key, stringToSign).toString('hex');
}

/** What x-amz-content-sha256 says of a body. */
export function hashOf(body: Request['body']): string {
  return body === UNSIGNED ? 'UNSIGNED-PAYLOAD' : sha256(body);
}

function lowerCased(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .sort(([a], [b]) => compare(a, b));
}

function signedNames(headers: Readonly<Record<string, string>>): string {
  return lowerCased(headers)
    .map(([name]) => name)
    .join(';');
}

/** By code unit, as AWS sorts; a locale would not. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** RFC 3986: what encodeURIComponent leaves alone beyond the unreserved characters is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function scopeParts({ now, region, service }: Signing): string[] {
  return [stamp(now).slice(0, 8), region, service, 'aws4_request'];
}

function scopeOf(signing: Signing): string {
  return scopeParts(signing).join('/');
}

/** `20150830T123600Z` */
function stamp(now: Date): string {
  return `${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
