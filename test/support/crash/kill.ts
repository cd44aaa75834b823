import type { Database } from '../../../functions/core/database.ts';

/** Kills a backend and returns when it is gone. pg_terminate_backend's own waiting looks every 100 ms; this takes 5. */
export async function kill(admin: Database, pid: number): Promise<void> {
  await admin.sql`select pg_terminate_backend(${pid})`;
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
    if ((await admin.sql`select from pg_stat_activity where pid = ${pid}`) === 0) return;
  }
  throw new Error(`backend ${pid} did not go`);
}
