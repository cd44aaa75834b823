/** What the gateway takes of requests, as the deployment's page lists it: from the template. */
import * as z from 'zod';
import { assemblyFor } from '../infra/assembly.ts';

const limit = z.strictObject({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.number() });
const stage = z.looseObject({
  DefaultRouteSettings: limit,
  RouteSettings: z.record(z.string(), limit),
});

/** One line for all routes of one limit, the tightest first; the last is every other route's. */
export function routeLimitTable(): string[][] {
  const [found] = assemblyFor('default').ofType('AWS::ApiGatewayV2::Stage');
  const { DefaultRouteSettings: others, RouteSettings } = stage.parse(found?.properties);
  const kinds = Map.groupBy(Object.entries(RouteSettings), ([, each]) => JSON.stringify(each));
  const lines = [...kinds.values()].flatMap((routes) => {
    const [first] = routes;
    return first === undefined ? [] : [{ names: routes.map(([name]) => `\`${name}\``), ...first[1] }];
  });
  return [
    ['routes', 'requests a second', 'at once'],
    ...lines
      .toSorted((a, b) => a.ThrottlingRateLimit - b.ThrottlingRateLimit)
      .map((line) => [
        line.names.join(' '),
        String(line.ThrottlingRateLimit),
        String(line.ThrottlingBurstLimit),
      ]),
    [
      'every other route',
      `\`api.rateLimit\` (${others.ThrottlingRateLimit})`,
      `\`api.burstLimit\` (${others.ThrottlingBurstLimit})`,
    ],
  ];
}
