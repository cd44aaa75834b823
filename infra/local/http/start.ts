import type { World } from '../assembly/world.ts';
import type { Clock } from '../clock.ts';
import type { LocalFunction } from '../lambda/function.ts';
import { functionName } from '../lambda/types.ts';
import type { Answer, Request } from '../server.ts';
import type { Trail } from '../trail.ts';
import { httpApiHandler } from './api.ts';
import { httpApi, httpIntegration, httpRoute } from './types.ts';

export interface HttpApiOptions {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly authenticate: boolean;
  readonly clock: Clock;
  readonly trail: Trail;
}

/** The template's HTTP API, when it has one. */
export function makeHttpApi(
  world: World,
  { functions, ...parts }: HttpApiOptions,
): ((request: Request) => Promise<Answer>) | undefined {
  const [api] = world.all(httpApi);
  if (api === undefined) return undefined;
  const integrations = new Map(world.all(httpIntegration).map((one) => [one.identity.ref, one]));
  const routes = world.all(httpRoute).map(({ id, properties }) => {
    const integration = integrations.get(properties.Target.replace('integrations/', ''));
    const target = functions.get(functionName(integration?.properties.IntegrationUri ?? ''));
    if (integration === undefined || target === undefined)
      throw new Error(`${id}: its target is not of this app`);
    return {
      routeKey: properties.RouteKey,
      target: {
        function: target,
        timeoutMs: integration.properties.TimeoutInMillis,
        authorization: properties.AuthorizationType,
      },
    };
  });
  return httpApiHandler({ apiId: api.identity.ref, routes, ...parts });
}
