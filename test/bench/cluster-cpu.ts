import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

/** The server's first process, of which all others are children; undefined where the system has no /proc. */
export async function postmasterOf(admin: Database): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const [row] = await admin.sql(z.strictObject({ pid: z.int() }))`select pg_backend_pid() as pid`;
  return row === undefined ? undefined : (await statOf(row.pid))?.parent;
}

/**
 * Milliseconds of processor that all of PostgreSQL has used: its living processes and those that have ended, parallel
 * workers among them, whose time their parent has inherited.
 */
export async function clusterCpu(postmaster: number): Promise<number> {
  const path = `/proc/${postmaster}/task/${postmaster}/children`;
  const children = (await readFile(path, 'utf8')).trim().split(' ').map(Number);
  const own = await statOf(postmaster);
  const living = await Promise.all(children.map(statOf));
  return [own, ...living].reduce((sum, stat) => sum + (stat?.self ?? 0), 0) + (own?.ended ?? 0);
}

/** Milliseconds of processor of one process; 0 when it has ended. */
export async function processCpu(pid: number): Promise<number> {
  return (await statOf(pid))?.self ?? 0;
}

async function statOf(pid: number) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // After the name in parentheses, which may hold blanks: the fields from the third on.
  const field = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (number: number) => field[number - 3] ?? 0;
  return { parent: at(4), self: (at(14) + at(15)) * TICK_MS, ended: (at(16) + at(17)) * TICK_MS };
}
