import { createHash } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import {
  ConflictError,
  InputError,
  NotFoundError,
  PermanentError,
  RetryableError,
  TooLargeError,
} from './errors.ts';
import { parse } from './input.ts';
import type { Log } from './log.ts';
import type { Environment } from './services.ts';

export type HttpEvent = APIGatewayProxyEventV2;
export type HttpResult = APIGatewayProxyStructuredResultV2;

export interface EndpointContext<Query, Path> {
  readonly query: Query;
  readonly path: Path;
  readonly event: HttpEvent;
  readonly environment: Environment;
  readonly log: Log;
}

/** One endpoint: its schemas are the gate, the documentation and the types. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  readonly route: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly path: z.ZodObject;
  /** What a request must carry as JSON, where it carries anything. */
  readonly body?: z.ZodType | undefined;
  /** Content types of a body that is no JSON, which the endpoint reads itself. */
  readonly files?: readonly string[] | undefined;
  /** What a 200 or 202 says as JSON. */
  readonly answer?: z.ZodType | undefined;
  handle(
    event: HttpEvent,
    services: { readonly environment: Environment; readonly log: Log },
  ): Promise<HttpResult>;
}

export function endpoint<Query extends z.ZodObject, Path extends z.ZodObject>(definition: {
  readonly method: Endpoint['method'];
  readonly route: string;
  readonly summary: string;
  readonly query: Query;
  readonly path: Path;
  readonly body?: Endpoint['body'];
  readonly files?: Endpoint['files'];
  readonly answer?: Endpoint['answer'];
  readonly run: (context: EndpointContext<z.output<Query>, z.output<Path>>) => Promise<HttpResult>;
}): Endpoint {
  const { method, route, summary, query, path, body, files, answer, run } = definition;
  return {
    method,
    route,
    summary,
    query,
    path,
    body,
    files,
    answer,
    async handle(event, services) {
      try {
        return await run({
          ...services,
          event,
          query: parse(query, event.queryStringParameters ?? {}, 'query'),
          path: parse(path, event.pathParameters ?? {}, 'path'),
        });
      } catch (error) {
        return problem(error, services.log);
      }
    },
  };
}

/** 200 with an ETag, over the body unless one is given, or 304 when the caller has that already. */
export function ok(event: HttpEvent, body: unknown, tag?: string): HttpResult {
  const text = JSON.stringify(body);
  const etag = tag ?? etagOf(text);
  const headers = { 'content-type': 'application/json; charset=utf-8', ...cacheHeaders(etag) };
  return notModified(event, etag) ?? { statusCode: 200, headers, body: text };
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

/** RFC 9457. Input problems are all listed, with the offending value; what is unexpected is logged, not shown. */
export function problem(error: unknown, log: Log): HttpResult {
  if (error instanceof InputError) {
    return problemDocument(400, 'Invalid input', error.message, { problems: error.problems });
  }
  if (error instanceof NotFoundError)
    return problemDocument(404, 'Not found', error.message, { code: error.code });
  if (error instanceof ConflictError)
    return problemDocument(409, 'Conflict', error.message, { code: error.code });
  if (error instanceof TooLargeError)
    return problemDocument(413, 'Too large', error.message, { code: error.code });
  log.error('request failed', { error });
  if (error instanceof RetryableError) {
    return problemDocument(
      503,
      'Temporarily unavailable',
      'The database could not be used just now: try again.',
      {},
      { 'retry-after': '5' },
    );
  }
  if (error instanceof PermanentError)
    return problemDocument(500, 'Internal error', 'The request failed; the log says why.', {
      code: error.code,
    });
  return problemDocument(500, 'Internal error', 'The request failed; the log says why.');
}

function problemDocument(
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

/** A whole number in a query string: digits and nothing else, within its limits. */
export function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^-?\d{1,9}$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine(
      (value) => value >= minimum && value <= maximum,
      `must be a whole number from ${minimum} to ${maximum}`,
    );
}

export const noParameters = z.strictObject({});
