import { Agent, get } from 'node:http';

/** Something else than a 200, at this size. */
export class NotAnswered extends Error {}

export interface Load {
  readonly requests: number;
  readonly milliseconds: number;
  /** Of each request, ascending, in milliseconds: from before it is sent until the last byte is here. */
  readonly latencies: readonly number[];
}

/** So many at least: past the executions after which the server may settle on one plan for all parameters... */
const LEAST = 10;
/** ...but none is begun after so many times the time that was asked for. */
const PATIENCE = 5;

/** Each of the callers asks again as soon as it has its answer, over a connection of its own that stays open. */
export async function load(port: number, path: string, callers: number, seconds: number): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const latest = begun + seconds * 1000 * PATIENCE;
  let asked = 0;
  const call = async () => {
    while (performance.now() < (asked < LEAST ? latest : until)) {
      asked += 1;
      const before = performance.now();
      const { status, body } = await ask(agent, port, path);
      if (status !== 200) throw new NotAnswered(`${status} ${String(body).slice(0, 200)}`);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const milliseconds = performance.now() - begun;
  agent.destroy();
  return { requests: latencies.length, milliseconds, latencies: latencies.sort((a, b) => a - b) };
}

/** One answer, whole. */
export async function ask(
  agent: Agent,
  port: number,
  path: string,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}

/** The value below which the share lies. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
