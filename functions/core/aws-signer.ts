import { createHash, createHmac } from 'node:crypto';

/**
 * AWS Signature Version 4 for the two calls that reach the database, both to the path `/`: the IAM token and
 * reading a secret. The SDK's clients would add 270 KB to every function for them.
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

type Pairs = readonly (readonly [string, string])[];

interface Request {
  readonly method: string;
  readonly host: string;
  readonly query: Pairs;
  /** Without `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

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

/** `host/?query` with the signature in the query, without a scheme. */
export function presign(
  request: { readonly host: string; readonly query: Pairs; readonly expiresSeconds: number },
  signing: Signing,
): string {
  const { accessKeyId, sessionToken } = signing.credentials;
  const query: Pairs = [
    ...request.query,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${accessKeyId}/${scopeOf(signing)}`],
    ['X-Amz-Date', stamp(signing.now)],
    ['X-Amz-Expires', String(request.expiresSeconds)],
    ...(sessionToken === undefined ? [] : [['X-Amz-Security-Token', sessionToken] as const]),
    ['X-Amz-SignedHeaders', 'host'],
  ];
  const signature = sign({ method: 'GET', host: request.host, query, headers: {}, body: '' }, signing);
  return `${request.host}/?${canonicalQuery(query)}&X-Amz-Signature=${signature}`;
}

function sign(request: Request, signing: Signing): string {
  const headers = { ...request.headers, host: request.host };
  const canonicalRequest = [
    request.method,
    '/',
    canonicalQuery(request.query),
    ...lowerCased(headers).map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    signedNames(headers),
    sha256(request.body),
  ].join('\n');
  const stringToSign = [ALGORITHM, stamp(signing.now), scopeOf(signing), sha256(canonicalRequest)].join('\n');
  const key = scopeParts(signing).reduce<string | Buffer>(hmac, `AWS4${signing.credentials.secretAccessKey}`);
  return hmac(key, stringToSign).toString('hex');
}

function canonicalQuery(query: Pairs): string {
  return query
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
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
