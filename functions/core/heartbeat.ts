import type { Database } from './database.ts';
import type { JsonObject } from './job.ts';
import { type Attempt, beat } from './ledger.ts';
import type { Log } from './log.ts';

/** A third of the lease in sql/core/lease.sql: two beats may be lost before a worker counts as dead. */
const EVERY_MS = 10_000;

export interface Heartbeat {
  report(progress: JsonObject): void;
  stop(): Promise<void>;
}

/**
 * Beats on the control connection, because the working one is inside its transaction.
 * A beat that fails is logged and not fatal: what decides is the fence at the commit, not the lease.
 */
export function startHeartbeat(control: Database, attempt: Attempt, log: Log): Heartbeat {
  let latest: JsonObject | null = null;
  let beating: Promise<void> = Promise.resolve();

  const once = async () => {
    try {
      const newest = await beat(control.sql, attempt, latest);
      if (!newest) log.warn('a later attempt has taken over; this one cannot commit');
    } catch (error) {
      log.warn('a heartbeat failed', { error });
    }
  };
  const timer = setInterval(() => {
    beating = beating.then(once);
  }, EVERY_MS);
  timer.unref();

  return {
    report(progress) {
      latest = progress;
    },
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}
