import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { BundledFunction } from '../../infra/constructs/bundled-function.ts';
import { router } from '../../infra/local/http/routes.ts';
import { apis } from '../../infra/openapi/apis.ts';
import { operations } from '../api/openapi/document.ts';
import { assemblyOf, withApp } from './assembly.ts';

/** What the gateway's routes lead to, against what the functions answer and the API's document says. */

const assembly = assemblyOf({});
const found = await apis();

/** Function name -> the file it is bundled from. */
const entries = new Map(
  withApp({}, (app) =>
    app.node
      .findAll()
      .filter((each) => each instanceof BundledFunction)
      .map(({ functionName, source }) => [functionName, source.entry] as const),
  ),
);

const target = z.object({
  'Fn::Join': z.tuple([z.string(), z.tuple([z.literal('integrations/'), z.unknown()])]),
});
const routes = assembly.ofType('AWS::ApiGatewayV2::Route').map((route) => {
  const integration = assembly.target(route, target.parse(route.properties['Target'])['Fn::Join'][1][1]);
  const lambda = assembly.target(integration, integration.properties['IntegrationUri']);
  const entry = entries.get(String(lambda.properties['FunctionName']));
  return { routeKey: String(route.properties['RouteKey']), target: entry };
});
const gateway = router(routes);

/** The path of a request for an endpoint. */
const filled = (route: string) => route.replace(/\{\w+\}/g, '1');

describe.each(found)('$entry', ({ entry, handler }) => {
  test.each(handler.endpoints.map(({ method, route }) => ({ method, route })))(
    '$method $route is led here by the gateway',
    ({ method, route }) => {
      expect(gateway(method, filled(route))?.target).toBe(entry);
    },
  );
});

test('every route leads to a function that answers something under it', () => {
  const led = found.flatMap(({ handler }) =>
    handler.endpoints.map(({ method, route }) => gateway(method, filled(route))?.routeKey),
  );
  expect(routes.map(({ routeKey }) => routeKey).filter((routeKey) => !led.includes(routeKey))).toEqual([]);
});

test('the document has what the functions answer, and nothing else', () => {
  const answered = found.flatMap(({ handler }) =>
    handler.endpoints.map(({ method, route }) => `${method} ${route}`),
  );
  expect(answered).toHaveLength(new Set(answered).size);
  expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(answered.toSorted());
});
