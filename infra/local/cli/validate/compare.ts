import type { Asked } from './ask.ts';
import type { Figures } from './probes.ts';

export interface Comparison {
  readonly name: string;
  /** Counts as they are, amounts in cents. Null where one side has no such figure. */
  readonly endpoint: string | null;
  readonly sql: string | null;
  readonly equal: boolean;
}

/** Every figure of both sides, tolerance zero; one that a side lacks is not equal. Of an endpoint that failed, none. */
export function compare(asked: readonly Asked[], sql: ReadonlyMap<string, Figures>): Comparison[] {
  return asked
    .filter(({ problem }) => problem === null)
    .flatMap(({ name, figures }) => {
      const other = sql.get(name) ?? {};
      const both = new Set([...Object.keys(figures), ...Object.keys(other)]);
      return [...both].map((figure) => ({
        name: `${name} ${figure}`,
        endpoint: figures[figure]?.toString() ?? null,
        sql: other[figure]?.toString() ?? null,
        equal: figures[figure] !== undefined && figures[figure] === other[figure],
      }));
    });
}
