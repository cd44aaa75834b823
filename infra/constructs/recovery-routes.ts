import type { BundledFunction, ConnectionDemand } from './bundled-function.ts';
import type { Route, Throttle } from './http-api.ts';

/** What is about runs that there are, by path: the gateway prefers these to the greedy one of the operator's other calls. */
const PATHS = [
  '/api/v1/runs/{proxy+}',
  '/api/v1/redrive',
  '/api/v1/redrives/{proxy+}',
  '/api/v1/backfills',
  '/api/v1/backfills/{proxy+}',
  '/api/v1/sweep',
];

/** A person's, one thing after the other: three at once, then one in five seconds. Many runs at once are a redrive. */
const THROTTLE: Throttle = { rateLimit: 0.2, burstLimit: 3 };

export function recoveryRoutes(handler: BundledFunction): Route[] {
  return PATHS.map((path) => ({ method: 'POST', path, handler, throttle: THROTTLE }));
}

/** At worst every request takes all its time, on every route at once. */
export function recoveryDemand(timeoutSeconds: number): ConnectionDemand {
  const { rateLimit, burstLimit } = THROTTLE;
  const each = Math.ceil(rateLimit * timeoutSeconds + burstLimit);
  return { concurrency: each * PATHS.length, connections: 1 };
}
