import type { BundledFunction, ConnectionDemand } from './bundled-function.ts';
import type { Route, Throttle } from './http-api.ts';

/** The CSV files, by their exact paths: the gateway prefers these to the greedy ones of the screens. */
const PATHS = [
  ...['ops/payments', 'payments'].flatMap((base) =>
    ['export', 'limbo/export', 'claims-gap/export'].map(
      (file) => `/api/v1/${base}/cabinet-financial-14d/${file}`,
    ),
  ),
  '/api/v1/yango/cabinet/claims/export',
];

/**
 * A file is asked for by a person now and then, and a large one is read on two connections. At one request a second these
 * functions alone could open 420, a quarter of what 8 ACU grant.
 */
const THROTTLE: Throttle = { rateLimit: 0.5, burstLimit: 2 };

export function exportRoutes(handler: BundledFunction): Route[] {
  return PATHS.map((path) => ({ method: 'GET', path, handler, throttle: THROTTLE }));
}

/** At worst every request takes all its time, on every route at once. */
export function exportDemand(timeoutSeconds: number): ConnectionDemand {
  const { rateLimit, burstLimit } = THROTTLE;
  return { concurrency: (rateLimit * timeoutSeconds + burstLimit) * PATHS.length, connections: 2 };
}
