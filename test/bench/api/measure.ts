import { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { clusterCpu, processCpu } from '../cluster-cpu.ts';
import { ask, load, quantile } from './load.ts';
import type { Question } from './questions.ts';
import type { Side } from './side.ts';

export interface Sides {
  readonly product: Side;
  readonly bare: Side;
}

export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of processor per request, of the server's process and of PostgreSQL; NaN without /proc. */
  readonly cpu: { readonly server: number; readonly postgres: number };
  /** Bytes above what the server held when it had answered everything once. */
  readonly memory: number;
}

export interface Measured {
  readonly question: Question;
  readonly callers: number;
  readonly product: readonly Figures[];
  readonly bare: readonly Figures[];
}

export const CALLERS = [1, 8, 32] as const;

export async function measureQuestions(
  sides: Sides,
  asked: readonly Question[],
  postmaster: number | undefined,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  log: (line: string) => void,
): Promise<Measured[]> {
  for (const question of asked) await warm(sides, question);
  const idle = { product: await sides.product.memory(), bare: await sides.bare.memory() };
  const results: Measured[] = [];
  for (const question of asked) {
    for (const callers of CALLERS) {
      const figures = { product: [] as Figures[], bare: [] as Figures[] };
      for (let round = 0; round < rounds; round += 1) {
        // What drifts in a run (the machine's load, its temperature) weighs on both alike.
        for (const kind of ['product', 'bare', 'bare', 'product'] as const) {
          figures[kind].push(await take(sides[kind], question, callers, seconds, idle[kind], postmaster));
        }
      }
      log(`${question.name}, ${callers} at once`);
      results.push({ question, callers, ...figures });
    }
  }
  return results;
}

/**
 * Past the executions after which the server may settle on one plan for all parameters, and the compiler on its code.
 * @throws when the two do not show the same rows: their times would mean nothing
 */
async function warm({ product, bare }: Sides, { path }: Question): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const rowsOf = async ({ port }: Side) => {
    const {
      data,
      weeks,
      metrics,
      top_missing_examples: top,
    } = JSON.parse(String(await ask(agent, port, path)));
    return data ?? weeks ?? metrics?.top_missing_examples ?? top;
  };
  const [said, expected] = [await rowsOf(product), await rowsOf(bare)];
  if (said === undefined || !isDeepStrictEqual(said, expected))
    throw new Error(`${path}: the two sides differ`);
  for (const { port } of [product, bare]) await load(port, path, 1, 0);
  agent.destroy();
}

async function take(
  side: Side,
  { path }: Question,
  callers: number,
  seconds: number,
  idle: number,
  postmaster: number | undefined,
): Promise<Figures> {
  await side.forgetPeak();
  const cpuOf = async () => ({
    server: postmaster === undefined ? Number.NaN : await processCpu(side.pid),
    postgres: postmaster === undefined ? Number.NaN : await clusterCpu(postmaster),
  });
  const before = await cpuOf();
  const { requests, milliseconds, latencies } = await load(side.port, path, callers, seconds);
  const after = await cpuOf();
  return {
    perSecond: (requests / milliseconds) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpu: {
      server: (after.server - before.server) / requests,
      postgres: (after.postgres - before.postgres) / requests,
    },
    memory: (await side.peak()) - idle,
  };
}
