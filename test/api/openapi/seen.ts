import type { Operation } from './document.ts';
import type { Routers } from './routers.ts';
import type { Seen } from './values.ts';

/** Enough of each to meet what exists, few enough that a run of requests meets them again. */
const OF_EACH = 40;

/** Asks every list for its first rows and keeps what stands in them, by the name of the field. */
export async function seenIn(operations: readonly Operation[], routers: Routers): Promise<Seen> {
  const seen = new Map<string, Set<string>>();
  for (const operation of operations) {
    const names = operation.parameters.map(({ name }) => name);
    if (!names.includes('limit') || !('application/json' in (operation.responses['200']?.content ?? {})))
      continue;
    if (operation.parameters.some(({ required }) => required)) continue;
    const wire = {
      method: operation.method,
      target: `${operation.path}?limit=3`,
      headers: {},
      body: Buffer.alloc(0),
    };
    const { result } = await routers.send(operation, wire);
    if (result.statusCode === 200) collect(JSON.parse(result.body ?? 'null'), seen);
  }
  return new Map([...seen].map(([name, values]) => [name, [...values].slice(0, OF_EACH)]));
}

function collect(value: unknown, seen: Map<string, Set<string>>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string' || typeof inner === 'number') {
      seen.set(name, (seen.get(name) ?? new Set()).add(String(inner)));
    } else collect(inner, seen);
  }
}
