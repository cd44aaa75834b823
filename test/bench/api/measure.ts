import { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { clusterCpu, processCpu } from '../cluster-cpu.ts';
import { ask, load, NotAnswered, quantile } from './load.ts';
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

/** A question that product or bare server did not answer with 200 every time. */
export interface Refused {
  readonly question: Question;
  readonly refusal: string;
}

export const CALLERS = [1, 8, 32] as const;

export async function measureQuestions(
  sides: Sides,
  asked: readonly Question[],
  postmaster: number | undefined,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  log: (line: string) => void,
): Promise<(Measured | Refused)[]> {
  const results: (Measured | Refused)[] = [];
  const answered: Question[] = [];
  for (const question of asked) {
    const refusal = await warm(sides, question);
    if (refusal === undefined) answered.push(question);
    else results.push({ question, refusal });
  }
  const idle = { product: await sides.product.memory(), bare: await sides.bare.memory() };
  for (const question of answered) {
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

/** @throws when the two do not show the same rows: their times would mean nothing */
async function warm({ product, bare }: Sides, { path }: Question): Promise<string | undefined> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await ask(agent, product.port, path);
    const second = await ask(agent, bare.port, path);
    const refused = [first, second].find(({ status }) => status !== 200);
    if (refused !== undefined) return `${refused.status} ${String(refused.body).slice(0, 200)}`;
    if (!isDeepStrictEqual(rowsOf(first.body), rowsOf(second.body)))
      throw new Error(`${path}: the two sides differ`);
    for (const { port } of [product, bare]) await load(port, path, 1, 1);
    return undefined;
  } catch (error) {
    if (error instanceof NotAnswered) return error.message;
    throw error;
  } finally {
    agent.destroy();
  }
}

function rowsOf(body: Buffer): unknown {
  const { data, weeks, metrics, top_missing_examples: top, total_leads } = JSON.parse(String(body));
  return data ?? weeks ?? metrics?.top_missing_examples ?? top ?? total_leads;
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
