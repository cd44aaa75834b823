import type { Endpoint } from '../core/http.ts';
import { openEnvironment } from '../core/services.ts';
import { type ApiHandler, routed } from './routes.ts';

/** A Lambda for endpoints that read or change the database. A database that cannot be reached is a 503. */
export function router(name: string, endpoints: readonly Endpoint[]): ApiHandler {
  return routed(name, endpoints, () => openEnvironment(name));
}
