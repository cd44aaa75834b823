import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';

/** A number means nothing without it. Lines of text; the load says whether somebody else was at work. */
export async function describeMachine(database: Database): Promise<string[]> {
  const [server] = await database.sql(z.strictObject({ version: z.string() }))`
    select current_setting('server_version') as version`;
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return [
    `date        ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `machine     ${availableParallelism()} cores of ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB memory, ${type()} ${release()}`,
    `software    Node ${process.versions.node}, PostgreSQL ${server?.version ?? 'unknown'}`,
    `load        ${loadavg()[0]?.toFixed(2)} (the last minute's average, before the start)`,
  ];
}
