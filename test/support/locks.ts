import { expect } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';

const waiting = z.strictObject({ n: z.int() });

/** Until so many sessions of this database wait for a lock that another one holds. */
export async function untilWaiting(admin: Database, sessions = 1): Promise<void> {
  await expect
    .poll(
      () =>
        admin.sql(waiting)`
          select count(*)::integer as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      { timeout: 10_000, interval: 10 },
    )
    .toEqual([{ n: sessions }]);
}
