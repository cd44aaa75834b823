import type { BundledFunction, ConnectionDemand } from './bundled-function.ts';
import type { Route, Throttle } from './http-api.ts';

/** Files that are handed in, by path: the gateway prefers these to the greedy one of the operator's other calls. */
const PATHS = [
  '/api/v1/cabinet-leads/{proxy+}',
  '/api/v1/cabinet-trips/{proxy+}',
  '/api/v1/cabinet-payments/{proxy+}',
  '/api/v1/uploads/{proxy+}',
];

/** A file is handed in by a person now and then, and those of one table wait for each other: one in ten seconds. */
const THROTTLE: Throttle = { rateLimit: 0.1, burstLimit: 3 };

export function uploadRoutes(handler: BundledFunction): Route[] {
  return PATHS.map((path) => ({ method: 'POST', path, handler, throttle: THROTTLE }));
}

/** At worst every request takes all its time, on every route at once. */
export function uploadDemand(timeoutSeconds: number): ConnectionDemand {
  const { rateLimit, burstLimit } = THROTTLE;
  const each = Math.ceil(rateLimit * timeoutSeconds + burstLimit);
  return { concurrency: each * PATHS.length, connections: 1 };
}
