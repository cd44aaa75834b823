import fc from 'fast-check';
import type { JobNode, Pipeline } from '../../functions/core/pipeline.ts';

/** What becomes of a job's work, as a test arranges it. */
export interface Fate {
  /** Undefined of a plain job. */
  readonly shards: number | undefined;
  /** The plain job's work or the splitting step. */
  readonly fails: boolean;
  readonly failingShards: readonly number[];
  /** The first try of its work is worth another. */
  readonly stumbles: boolean;
}

export interface Night {
  readonly pipeline: Pipeline;
  readonly fates: ReadonlyMap<string, Fate>;
  /** How many days before it everything succeeded; null: never. */
  readonly gap: number | null;
  /** In which order, and how many at once, messages arrive. */
  readonly seed: number;
}

export interface Expected {
  readonly status: 'succeeded' | 'failed' | 'skipped';
  /** Soft parents that did not succeed, of a job that ran. */
  readonly stale: readonly string[];
}

const job = fc.record({
  /** Per earlier job: none, hard, or soft with so many days. */
  edges: fc.array(fc.constantFrom('none', 'none', 'none', 'hard', 'hard', 0, 1, 3), {
    minLength: 8,
    maxLength: 8,
  }),
  always: fc.boolean(),
  shards: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  failingShards: fc.subarray([1, 2, 3, 4], { maxLength: 1 }),
  stumbles: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  concurrency: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 1 }),
});

let made = 0;

/** A pipeline of up to eight jobs with whatever edges, and what becomes of each. */
export const anyNight: fc.Arbitrary<Night> = fc
  .record({
    jobs: fc.array(job, { minLength: 1, maxLength: 8 }),
    concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    gap: fc.option(fc.integer({ min: 1, max: 4 })),
    seed: fc.integer(),
  })
  .map(({ jobs, concurrency, gap, seed }) => {
    made += 1;
    const name = (at: number) => `toy.j${at}`;
    const nodes = jobs.map((each, at): [string, JobNode] => {
      const edges = each.edges.slice(0, at);
      return [
        name(at),
        {
          description: 'A toy. Input: none.',
          timeoutSeconds: 10,
          memoryMb: 128,
          after: edges.flatMap((edge, parent) => (edge === 'hard' ? [name(parent)] : [])),
          softAfter: edges.flatMap((edge, parent) =>
            typeof edge === 'number' ? [{ job: name(parent), maxAgeDays: edge }] : [],
          ),
          always: each.always,
          ...(each.concurrency === undefined ? {} : { concurrency: each.concurrency }),
        },
      ];
    });
    return {
      pipeline: {
        name: `toy-random-${made}`,
        domain: 'toy',
        timeZone: 'UTC',
        schedule: { expression: 'rate(1 day)', timeZone: 'UTC' },
        ...(concurrency === undefined ? {} : { concurrency }),
        jobs: Object.fromEntries(nodes),
      },
      fates: new Map(jobs.map((each, at) => [name(at), each])),
      gap,
      seed,
    };
  });

/** What should come of the night, worked out one job after the other from what docs/promises.md says. */
export function expected({ pipeline, fates, gap }: Night): ReadonlyMap<string, Expected> {
  const outcomes = new Map<string, Expected>();
  for (const [name, node] of Object.entries(pipeline.jobs)) {
    const broken = (parent: string) => outcomes.get(parent)?.status !== 'succeeded';
    const stale = (node.softAfter ?? []).filter(({ job: parent }) => broken(parent));
    const barred =
      node.after.some(broken) || stale.some(({ maxAgeDays }) => gap === null || gap > maxAgeDays);
    if (barred && node.always !== true) {
      outcomes.set(name, { status: 'skipped', stale: [] });
      continue;
    }
    const fate = fates.get(name);
    const failed =
      fate?.fails === true || (fate?.failingShards ?? []).some((shard) => shard <= (fate?.shards ?? 0));
    outcomes.set(name, {
      status: failed ? 'failed' : 'succeeded',
      stale: stale.map(({ job: parent }) => parent),
    });
  }
  return outcomes;
}
