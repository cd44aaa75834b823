import { readFile } from 'node:fs/promises';
import { setInterval } from 'node:timers/promises';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';

const EVERY_MS = 200;

/**
 * Private memory (RssAnon) of the backends at work on a database, workers included, at its highest sample, in bytes.
 * Shared buffers are not in it. Undefined where the system has no /proc.
 */
export async function duringPeak<T>(
  admin: Database,
  database: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly backendMemory: number | undefined }> {
  const over = new AbortController();
  const watching = watch(admin, database, over.signal);
  try {
    const result = await work();
    over.abort();
    return { result, backendMemory: await watching };
  } finally {
    over.abort();
    await watching;
  }
}

async function watch(admin: Database, database: string, signal: AbortSignal): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let peak = 0;
  try {
    for await (const _ of setInterval(EVERY_MS, undefined, { signal })) {
      const backends = await admin.sql(z.strictObject({ pid: z.int() }))`
        select pid from pg_stat_activity where datname = ${database}`;
      const sizes = await Promise.all(backends.map(({ pid }) => privateMemory(pid)));
      peak = Math.max(
        peak,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return peak;
}

/** 0 when it has ended meanwhile. */
async function privateMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
