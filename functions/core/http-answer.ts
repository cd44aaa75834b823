/** What an endpoint answers with. Without zod: the function that serves the API's own document needs no more than this. */
import { createHash } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  BodyTooLargeError,
  ConflictError,
  InputError,
  LostError,
  NotFoundError,
  PermanentError,
  RetryableError,
  TooLargeError,
} from './errors.ts';
import type { Log } from './log.ts';

export type HttpEvent = APIGatewayProxyEventV2;
export type HttpResult = APIGatewayProxyStructuredResultV2;

/** 200 with an ETag, over the body unless one is given, or 304 when the caller has that already. */
export function ok(event: HttpEvent, body: unknown, tag?: string): HttpResult {
  const text = JSON.stringify(body);
  const etag = tag ?? etagOf(text);
  const headers = { 'content-type': 'application/json; charset=utf-8', ...cacheHeaders(etag) };
  return notModified(event, etag) ?? { statusCode: 200, headers, body: text };
}

/** What was done: said once, and kept by nobody in between. */
export function done(statusCode: 200 | 202, body: object, headers: Record<string, string> = {}): HttpResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/** 304 when the caller has what the tag stands for. */
export function notModified(event: HttpEvent, etag: string): HttpResult | undefined {
  const known = (event.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) ? { statusCode: 304, headers: cacheHeaders(etag) } : undefined;
}

export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}

export function cacheHeaders(etag: string): Record<string, string> {
  return { 'cache-control': 'private, no-cache', etag };
}

/**
 * RFC 9457. Input problems are all listed, with the offending value; what is unexpected is logged, not shown.
 * @param reads the request can have changed nothing, whatever its statements look like
 */
export function problem(error: unknown, log: Log, reads = false): HttpResult {
  if (error instanceof InputError) {
    return problemDocument(400, 'Invalid input', error.message, { problems: error.problems });
  }
  if (error instanceof NotFoundError)
    return problemDocument(404, 'Not found', error.message, { code: error.code });
  if (error instanceof ConflictError)
    return problemDocument(409, 'Conflict', error.message, { code: error.code });
  if (error instanceof TooLargeError)
    return problemDocument(413, 'Too large', error.message, { code: error.code });
  if (error instanceof BodyTooLargeError) {
    const { code, problems } = error;
    return problemDocument(413, 'Too large', error.message, { code, problems });
  }
  log.error('request failed', { error });
  if (error instanceof RetryableError || (reads && error instanceof LostError)) {
    return problemDocument(
      503,
      'Temporarily unavailable',
      `${error.code === 'SQS' ? 'SQS' : 'The database'} could not be used just now: try again.`,
      {},
      { 'retry-after': '5' },
    );
  }
  // No 503: clients repeat that by themselves, and what was done already is refused the second time.
  if (error instanceof LostError)
    return problemDocument(
      500,
      'Perhaps done',
      'The database connection was lost while this was being done: it may have been done or not. Look at the state before you try again; the same Idempotency-Key may be sent again at once.',
      { code: error.code },
    );
  if (error instanceof PermanentError)
    return problemDocument(500, 'Internal error', 'The request failed; the log says why.', {
      code: error.code,
    });
  return problemDocument(500, 'Internal error', 'The request failed; the log says why.');
}

export function problemDocument(
  statusCode: number,
  title: string,
  detail: string,
  more: object = {},
  headers: Record<string, string> = {},
): HttpResult {
  return {
    statusCode,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body: JSON.stringify({ type: 'about:blank', title, status: statusCode, detail, ...more }),
  };
}
