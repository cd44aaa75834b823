import type { Endpoint } from '../../core/http.ts';

const FINANCIAL = '/api/v1/ops/payments/cabinet-financial-14d';
const COBRANZA = '/api/v1/yango/cabinet/cobranza-yango';

/** The endpoint under every path by which callers have come to know it; the first is the one to use. */
export function withAliases(endpoint: Endpoint): readonly Endpoint[] {
  return [endpoint.route, ...aliasesOf(endpoint.route)].map((route) =>
    route === endpoint.route ? endpoint : { ...endpoint, route, aliasOf: endpoint.route },
  );
}

function aliasesOf(route: string): readonly string[] {
  if (route.startsWith(FINANCIAL)) return [route.replace('/api/v1/ops/payments/', '/api/v1/payments/')];
  if (route.startsWith(COBRANZA)) {
    return ['/api/v1/payments/yango', '/api/v1/ops/payments/yango'].map((base) =>
      route.replace('/api/v1/yango', base),
    );
  }
  return [];
}
