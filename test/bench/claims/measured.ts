import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';

export interface Measured {
  readonly milliseconds: number;
  /** Of the Node process and of its backends, in milliseconds; null where the system has no /proc. */
  readonly cpu: number | null;
  /** What it did, in its own words. */
  readonly done: Readonly<Record<string, z.core.util.JSONType>>;
  /** Bytes; taken when the work was done, so that what follows does not count. */
  readonly peak: number;
}

/**
 * Runs the work and takes its measure. The time of the clock also has what the rest of the machine did meanwhile; the
 * time of the processors has not.
 * @param over the connections that the work uses, one backend each, opened here
 */
export async function measured(
  over: readonly Database[],
  work: () => Promise<Measured['done']>,
): Promise<Measured> {
  const backends = await Promise.all(over.map(backendOf));
  const cpuBefore = await cpuOf(backends);
  const begun = performance.now();
  const done = await work();
  const milliseconds = performance.now() - begun;
  // The system says kilobytes.
  const peak = process.resourceUsage().maxRSS * 1024;
  const cpuAfter = await cpuOf(backends);
  return {
    milliseconds,
    cpu: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
    done,
    peak,
  };
}

async function backendOf(database: Database): Promise<number> {
  await database.wake();
  const [row] = await database.sql(z.strictObject({ pid: z.int() }))`select pg_backend_pid() as pid`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row.pid;
}

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

async function cpuOf(backends: readonly number[]): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const own = process.cpuUsage();
  const stats = await Promise.all(backends.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  const ticks = stats.map((stat) => {
    // After the name in parentheses, which may hold blanks: the fields from the third on; 14 and 15 are user and system.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return (own.user + own.system) / 1000 + ticks.reduce((sum, each) => sum + each * TICK_MS, 0);
}
