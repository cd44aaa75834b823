import type { Clock } from '../clock.ts';
import { InvokeRefused, limits } from '../lambda/failures.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { Answer, Request } from '../server.ts';
import type { Trail } from '../trail.ts';
import { answerOf, type Caller, requestEvent } from './event.ts';
import { refuseForeign } from './guard.ts';
import { type Matched, type Route, router } from './routes.ts';
import { verifySignature } from './signature.ts';

export interface RouteTarget {
  readonly function: LocalFunction;
  readonly timeoutMs: number;
  readonly authorization: 'NONE' | 'AWS_IAM' | 'JWT';
}

export interface HttpApiParts {
  readonly apiId: string;
  readonly routes: readonly Route<RouteTarget>[];
  /** Enforce the template's authorization; open to this machine without. */
  readonly authenticate: boolean;
  readonly clock: Clock;
  readonly trail: Trail;
}

const message = (status: number, text: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: text }),
});

/** The HTTP API: finds the route, checks who calls, lets the function answer. */
export function httpApiHandler(parts: HttpApiParts): (request: Request) => Promise<Answer> {
  const find = router(parts.routes);
  return async (request) => {
    const begun = performance.now();
    const result = refuseForeign(request) ?? (await answerRequest(parts, find, request));
    parts.trail.record({
      kind: 'request.answered',
      method: request.method,
      path: request.url.pathname,
      status: result.status,
      milliseconds: Math.round((performance.now() - begun) * 10) / 10,
    });
    return result;
  };
}

async function answerRequest(
  parts: HttpApiParts,
  find: (method: string, path: string) => Matched<RouteTarget> | undefined,
  request: Request,
): Promise<Answer> {
  const route = find(request.method, request.url.pathname);
  if (route === undefined) return message(404, 'Not Found');
  let caller: Caller | undefined;
  if (parts.authenticate && route.target.authorization === 'AWS_IAM') {
    caller = verifySignature(request, parts.clock.now());
    if (caller === undefined) return message(403, 'Forbidden');
  }
  const event = requestEvent(request, route, parts.apiId, parts.clock.now(), caller);
  if (Buffer.byteLength(event) > limits.synchronousRequest) return message(413, 'Request Too Long');
  return call(route.target, event, `http ${request.method} ${request.url.pathname}`);
}

async function call(target: RouteTarget, event: string, by: string): Promise<Answer> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), target.timeoutMs);
  try {
    const outcome = await Promise.race([target.function.invoke(event, { by }), late.promise]);
    if (outcome === 'late') return message(503, 'Service Unavailable');
    if (outcome.error !== undefined) return message(500, 'Internal Server Error');
    return answerOf(outcome.payload) ?? message(500, 'Internal Server Error');
  } catch (error) {
    if (error instanceof InvokeRefused)
      return message(error.status === 413 ? 413 : 503, 'Service Unavailable');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
