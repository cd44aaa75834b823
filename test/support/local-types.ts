/** The local runtime's lists, as the pages show them. */
import * as z from 'zod';
import { playedTypes } from '../../infra/local/assembly/catalogue.ts';

const mark = z.object({ inert: z.string() });

/** Properties of played types that change nothing on one machine: one entry per type and reason. */
export function inertProperties(): { type: string; properties: string[]; reason: string }[] {
  return [...playedTypes.values()].flatMap(({ type, properties: schema }) => {
    if (!(schema instanceof z.ZodObject)) return [];
    const reasons = new Map<string, string[]>();
    for (const [name, property] of Object.entries(schema.shape)) {
      const { data } = mark.safeParse(property instanceof z.ZodType ? property.meta() : undefined);
      if (data !== undefined) reasons.set(data.inert, [...(reasons.get(data.inert) ?? []), name]);
    }
    return [...reasons].map(([reason, properties]) => ({ type, properties, reason }));
  });
}
