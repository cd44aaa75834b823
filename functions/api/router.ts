import httpRouterHandler from '@middy/http-router';
import type { Context } from 'aws-lambda';
import { type Endpoint, type HttpEvent, type HttpResult, problem } from '../core/http.ts';
import { createLog } from '../core/log.ts';
import { openEnvironment } from '../core/services.ts';

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResult>;

/** One Lambda for a set of endpoints. A database that cannot be reached is a 503, not a stack. */
export function router(name: string, endpoints: readonly Endpoint[]): HttpHandler {
  const route = httpRouterHandler<HttpEvent, HttpResult>({
    routes: endpoints.map((each) => ({
      method: each.method,
      path: each.route,
      handler: async (event: HttpEvent) => {
        const log = createLog({}, { function: name, requestId: event.requestContext.requestId });
        try {
          return await each.handle(event, { environment: await openEnvironment(name), log });
        } catch (error) {
          return problem(error, log);
        }
      },
    })),
    notFoundResponse: ({ method, path }) => notFound(method, path),
  });
  // The gateway's own parameter is the catch-all of its route; the ones that count are the router's.
  return async (event, context) => route({ ...event, pathParameters: {} }, context);
}

function notFound(method: string, path: string): HttpResult {
  return {
    statusCode: 404,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    body: JSON.stringify({
      type: 'about:blank',
      title: 'Not found',
      status: 404,
      detail: `there is no ${method} ${path}`,
    }),
  };
}
