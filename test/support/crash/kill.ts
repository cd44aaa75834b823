import type { Database } from '../../../functions/core/database.ts';

/**
 * Kills a backend of a server on this machine and returns when its client has heard of it: by chance it would else be
 * the next statement that does, or the one after. pg_terminate_backend's own waiting looks every 100 ms; this takes 5.
 */
export async function kill(admin: Database, pid: number): Promise<void> {
  const roundTrip = () => admin.sql`select`;
  await admin.sql`select pg_terminate_backend(${pid})`;
  for (const deadline = performance.now() + 10_000; isThere(pid); await roundTrip()) {
    if (performance.now() > deadline) throw new Error(`backend ${pid} did not go`);
  }
  // Its socket was closed before it went: what comes after that on another is read no earlier.
  await roundTrip();
  await new Promise((resolve) => setImmediate(resolve));
  await roundTrip();
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
