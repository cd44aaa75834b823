import type { BundledFunction, ConnectionDemand } from './bundled-function.ts';
import type { Route, Throttle } from './http-api.ts';

/** The reads of the audit trail: the gateway prefers these to the greedy one of the other reads. */
const PATHS = ['/api/v1/audit/{proxy+}', '/api/v1/runs/{run_id}/figures/{proxy+}'];

/** A person who asks where a figure comes from asks for a few of them. */
const THROTTLE: Throttle = { rateLimit: 2, burstLimit: 5 };

export function auditRoutes(handler: BundledFunction): Route[] {
  return PATHS.map((path) => ({ method: 'GET', path, handler, throttle: THROTTLE }));
}

/** At worst every request takes all its time, on every route at once. */
export function auditDemand(timeoutSeconds: number): ConnectionDemand {
  const { rateLimit, burstLimit } = THROTTLE;
  return { concurrency: (rateLimit * timeoutSeconds + burstLimit) * PATHS.length, connections: 1 };
}
