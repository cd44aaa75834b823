import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { localCredentials } from '../lambda/variables.ts';
import type { Request } from '../server.ts';
import type { Caller } from './event.ts';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const ALLOWED_SKEW_MS = 300_000;

/** Who signed the request (Signature Version 4, with this machine's own key); undefined unless it holds. */
export function verifySignature(request: Request, now: number): Caller | undefined {
  const parts = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
  if (parts === null) return undefined;
  const [, accessKey = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = parts;
  const stamp = request.headers['x-amz-date'] ?? '';
  if (accessKey !== localCredentials.accessKeyId || !isRecent(stamp, date, now)) return undefined;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const canonical = [
    request.method,
    canonicalPath(request.url.pathname),
    canonicalQuery(request.url),
    ...signedHeaders
      .split(';')
      .map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders,
    sha256(request.body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(Buffer.from(canonical))].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, piece) => hmac(previous, piece),
    `AWS4${localCredentials.secretAccessKey}`,
  );
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex')) ? { accessKey } : undefined;
}

function isRecent(stamp: string, date: string, now: number): boolean {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return stamp.startsWith(date) && Math.abs(now - signedAt) <= ALLOWED_SKEW_MS;
}

/** Every service but S3 encodes the path's segments once more. */
function canonicalPath(path: string): string {
  return path.split('/').map(encode).join('/');
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
