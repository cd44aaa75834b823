import { Agent, get } from 'node:http';

export interface Load {
  readonly requests: number;
  readonly milliseconds: number;
  /** Of each request, ascending, in milliseconds: from before it is sent until the last byte is here. */
  readonly latencies: readonly number[];
}

/** So many at least, however long they take. */
const LEAST = 20;

/** Each of the callers asks again as soon as it has its answer, over a connection of its own that stays open. */
export async function load(port: number, path: string, callers: number, seconds: number): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  let asked = 0;
  const call = async () => {
    while (performance.now() < until || asked < LEAST) {
      asked += 1;
      const before = performance.now();
      await ask(agent, port, path);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const milliseconds = performance.now() - begun;
  agent.destroy();
  return { requests: latencies.length, milliseconds, latencies: latencies.sort((a, b) => a - b) };
}

/** One answer, whole. @throws unless it is a 200 */
export async function ask(agent: Agent, port: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path}: ${response.statusCode} ${body.toString().slice(0, 400)}`));
      });
    }).on('error', reject);
  });
}

/** The value below which the share lies. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
