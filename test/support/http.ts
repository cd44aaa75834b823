import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Endpoint, EndpointShape, HttpResult } from '../../functions/core/http.ts';
import { createLog } from '../../functions/core/log.ts';
import type { Environment } from '../../functions/core/services.ts';
import type { TestDatabase } from './database.ts';

export interface Call {
  readonly query?: Record<string, string>;
  readonly path?: Record<string, string>;
  readonly headers?: Record<string, string>;
  /** A text as text, bytes as the gateway sends what is no text to it: in base64. */
  readonly body?: string | Uint8Array;
}

/** A request as an HTTP API hands it to Lambda (payload 2.0). */
export function httpEvent(
  endpoint: Pick<EndpointShape, 'method' | 'route'>,
  { query = {}, path = {}, headers = {}, body }: Call,
): APIGatewayProxyEventV2 {
  const rawPath = endpoint.route.replace(/\{(\w+)\}/g, (_all, name: string) => path[name] ?? '');
  return {
    version: '2.0',
    routeKey: `${endpoint.method} ${endpoint.route}`,
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    headers,
    queryStringParameters: query,
    pathParameters: path,
    isBase64Encoded: body !== undefined && typeof body !== 'string',
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: {
        method: endpoint.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: 'request-1',
      routeKey: `${endpoint.method} ${endpoint.route}`,
      stage: '$default',
      time: '13/Jan/2026:12:00:00 +0000',
      timeEpoch: 1768305600000,
    },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? body : Buffer.from(body).toString('base64') }),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export async function call(
  endpoint: Endpoint,
  environment: Environment,
  request: Call = {},
): Promise<Answer> {
  const log = createLog({ write: () => {} });
  const result: HttpResult = await endpoint.handle(httpEvent(endpoint, request), { environment, log });
  return {
    status: result.statusCode ?? 200,
    headers: result.headers ?? {},
    body: result.body === undefined ? undefined : parsed(result),
  };
}

/** JSON as what it says, anything else as text. */
function parsed({ headers, body = '' }: HttpResult): unknown {
  return String(headers?.['content-type']).includes('json') ? JSON.parse(body) : body;
}

export function environmentOf(
  database: TestDatabase,
  role: 'cuadre_reader' | 'cuadre_operator' | 'cuadre_jobs',
  queues: Record<string, string> = {},
  exportMaxRows = 200_000,
  files?: Environment['files'],
): Environment {
  return {
    work: database.connect(role),
    control: database.connect(role),
    log: createLog({ write: () => {} }),
    codeVersion: 'test',
    files,
    config: {
      QUEUES: queues,
      FUNCTION_TIMEOUT_SECONDS: 15,
      MAX_RECEIVES: 5,
      EXPORT_MAX_ROWS: exportMaxRows,
      EXPORT_FILE_MAX_ROWS: 2_000_000,
    },
  };
}
