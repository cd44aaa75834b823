import httpRouterHandler from '@middy/http-router';
import type { Context } from 'aws-lambda';
import {
  type Endpoint,
  type EndpointShape,
  type HttpEvent,
  type HttpResult,
  problem,
  problemDocument,
} from '../core/http.ts';
import { createLog } from '../core/log.ts';

/** A Lambda that answers endpoints. The API's document and its tests take them from here: nothing lists them twice. */
export interface ApiHandler {
  (event: HttpEvent, context: Context): Promise<HttpResult>;
  readonly subject: string;
  readonly endpoints: readonly EndpointShape[];
}

/** One Lambda for a set of endpoints. What cannot be opened for them is a problem document, not a stack. */
export function routed<Needs>(
  subject: string,
  endpoints: readonly Endpoint<Needs>[],
  open: () => Promise<Needs>,
): ApiHandler {
  const route = httpRouterHandler<HttpEvent, HttpResult>({
    routes: endpoints.map((each) => ({
      method: each.method,
      path: each.route,
      handler: async (event: HttpEvent) => {
        const log = createLog({}, { function: subject, requestId: event.requestContext.requestId });
        try {
          return await each.handle(event, { environment: await open(), log });
        } catch (error) {
          return problem(error, log);
        }
      },
    })),
    notFoundResponse: ({ method, path }) =>
      problemDocument(404, 'Not found', `there is no ${method} ${path}`, { code: 'NO_SUCH_ROUTE' }),
  });
  // From the console there is no request: what could be asked for is said.
  const answers = endpoints.map(({ method, route: path }) => `${method} ${path}`);
  // The gateway's own parameter is the catch-all of its route; the ones that count are the router's.
  const handler = async (event: HttpEvent, context: Context) =>
    event.requestContext
      ? route({ ...event, pathParameters: {} }, context)
      : { statusCode: 200, body: JSON.stringify({ answers }) };
  return Object.assign(handler, { subject, endpoints });
}
