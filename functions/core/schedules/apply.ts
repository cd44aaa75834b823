import * as z from 'zod';
import type { Database, Sql } from '../database.ts';
import type { KnownSchedule } from './known.ts';
import type { Described, Scheduler } from './scheduler.ts';

const known = z.strictObject({
  paused: z.boolean(),
  applied: z.boolean(),
  looked_until: z.iso.datetime({ offset: true }),
});

/** How far back a schedule is looked at that was never seen before, were it older. */
const FIRST_LOOK_MS = 86_400_000;

/** From when on a schedule's times are accounted for. */
export interface Since {
  /** Where the ledger does not know it yet. */
  readonly met: Date;
  /** Where it is due at other times than the ledger knows; null leaves what the ledger knows as it is. */
  readonly changed: Date | null;
}

/**
 * @param described undefined while EventBridge does not say. Nothing then tells a change that was deployed an hour ago from
 * one of last week: to take either for granted could account for times that nobody has looked at.
 */
export function sinceOf(described: Described | undefined, now: Date): Since {
  const met = new Date(Math.max(described?.createdAt.getTime() ?? 0, now.getTime() - FIRST_LOOK_MS));
  return { met, changed: described?.changedAt ?? null };
}

/** What the ledger knows of a schedule; its row is held to the end of the transaction. */
export async function know(
  sql: Sql,
  { name, expression, timeZone }: KnownSchedule,
  { met, changed }: Since,
): Promise<z.infer<typeof known>> {
  const [row] = await sql(known)`
    select paused, applied, looked_until
    from ops.know_schedule(${name}, ${expression}, ${timeZone}, ${met.toISOString()}::timestamptz, ${changed?.toISOString() ?? null}::timestamptz)`;
  if (row === undefined) throw new Error('ops.know_schedule returned nothing');
  return row;
}

/**
 * Has EventBridge as the ledger wants it. The row is held meanwhile: a pause and a resumption that come at once are applied one
 * after the other, and the later record is what stands. A crash in between leaves the record, which the planner goes by
 * already; whoever comes next, the same request or the sweeper, does the rest.
 * @returns whether EventBridge had it otherwise
 * @throws RetryableError SCHEDULER
 */
export function applyPause(
  control: Database,
  scheduler: Scheduler,
  schedule: KnownSchedule,
  since: Since,
): Promise<boolean> {
  return control.transaction(async (sql) => {
    const { paused, applied } = await know(sql, schedule, since);
    const changed = await scheduler.switch(schedule.name, !paused);
    if (!applied) await sql`select ops.schedule_applied(${schedule.name})`;
    return changed;
  });
}
