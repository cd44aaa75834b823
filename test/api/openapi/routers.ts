import type { Context } from 'aws-lambda';
import type { HttpEvent, HttpResult } from '../../../functions/core/http.ts';
import { openEnvironment } from '../../../functions/core/services.ts';
import { requestEvent } from '../../../infra/local/http/event.ts';
import { apis } from '../../../infra/openapi/apis.ts';
import type { Role, TestDatabase } from '../../support/database.ts';

/** A request as it travels. */
export interface Wire {
  readonly method: 'GET' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Routers {
  /** Through the function that has the operation, as a Lambda gets it from the gateway. */
  send(operation: { readonly method: string; readonly path: string }, wire: Wire): Promise<Exchange>;
  close(): Promise<void>;
}

export interface Exchange {
  readonly event: HttpEvent;
  readonly result: HttpResult;
}

const INSTANT = Date.parse('2026-01-13T12:00:00Z');
const context: Pick<Context, 'awsRequestId'> = { awsRequestId: 'fuzz' };

/** Every API function of the project in this process, with one login. The environment is one per process: one role per test file. */
export async function routersAs(
  database: TestDatabase,
  role: Role,
  variables: Readonly<Record<string, string>> = {},
): Promise<Routers> {
  Object.assign(process.env, {
    DATABASE_URL: database.url(role),
    FUNCTION_TIMEOUT_SECONDS: '15',
    ...variables,
  });
  const environment = await openEnvironment('fuzz');
  const functions = await apis();
  return {
    async send(operation, wire) {
      const { handler } =
        functions.find(({ handler: { endpoints } }) =>
          endpoints.some(({ method, route }) => method === operation.method && route === operation.path),
        ) ?? fail(`no function answers ${operation.method} ${operation.path}`);
      const event: HttpEvent = JSON.parse(eventOf(wire));
      return { event, result: await handler(event, Object.assign(Object.create(null), context)) };
    },
    async close() {
      await Promise.all([environment.control.close(), environment.work.close()]);
    },
  };
}

function eventOf({ method, target, headers, body }: Wire): string {
  const request = {
    method,
    url: new URL(target, 'http://localhost'),
    headers: { host: 'localhost', ...headers },
    body,
    remoteAddress: '127.0.0.1',
  };
  const routeKey = `${method} /api/v1/{proxy+}`;
  return requestEvent(
    request,
    { routeKey, target: undefined, pathParameters: {} },
    'api',
    INSTANT,
    undefined,
  );
}

function fail(message: string): never {
  throw new Error(message);
}
