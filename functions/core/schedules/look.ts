import * as z from 'zod';
import type { Database } from '../database.ts';
import type { Log } from '../log.ts';
import { applyPause, know, type Since, sinceOf } from './apply.ts';
import { dueTimes, scheduledTime } from './due-times.ts';
import { parseExpression } from './expression.ts';
import type { KnownSchedule } from './known.ts';
import { TIMES_MISSED } from './messages.ts';
import { onceOf, soon } from './once.ts';
import type { Described, Scheduler } from './scheduler.ts';

/**
 * What is delivered at all is delivered by then: Scheduler tries for an hour, Lambda keeps what it took for another
 * (infra/constructs/scheduled-function.ts). A run that begins later is one that this sweeper started.
 */
export const PATIENCE_MS = 2 * 3_600_000;

/** A time whose restarts come to nothing so often has a cause that another one does not mend. */
const MOST_RESTARTS = 3;

/** Times of one look at most: a schedule of every minute, unseen for a week. */
const MOST = 10_080;

export interface Looked {
  /** Schedules that EventBridge had otherwise than wanted: after a deployment, or a call that never came. */
  readonly switched: number;
  readonly missed: number;
  /** Times that fell into a pause. */
  readonly paused: number;
  /** Schedules that were made, to start what was missed. */
  readonly restarted: number;
}

export interface LookParts {
  readonly control: Database;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly now: Date;
}

/**
 * Holds each schedule against what it should be and should have done. Pauses that a deployment undid are applied again;
 * due times of which nothing came are recorded, and started as the pipeline's policy says: through the planner, by a
 * schedule that fires once and carries the original time, so that the original arriving late starts nothing twice. A restart
 * that comes to nothing either is made again, a few times.
 * One that cannot be looked at does not keep the others from it.
 * @throws the first failure, after all have had their turn
 */
export async function lookAt(schedules: readonly KnownSchedule[], parts: LookParts): Promise<Looked> {
  const total = { switched: 0, missed: 0, paused: 0, restarted: 0 };
  const failures: unknown[] = [];
  for (const schedule of schedules) {
    try {
      const one = await lookAtOne(schedule, parts);
      if (one === undefined) continue;
      total.switched += one.switched;
      total.missed += one.missed;
      total.paused += one.paused;
      total.restarted += one.restarted;
    } catch (error) {
      parts.log.error('schedule not looked at', { schedule: schedule.name, error });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return total;
}

async function lookAtOne(schedule: KnownSchedule, parts: LookParts): Promise<Looked | undefined> {
  const { control, scheduler, log, now } = parts;
  const described = await scheduler.describe(schedule.name);
  if (described === undefined) {
    log.error('schedule is gone', { schedule: schedule.name });
    return undefined;
  }
  const since = sinceOf(described, now);
  const counted = await account(schedule, since, described, parts);
  const { pausedNow, byHand } = counted;
  // One that is off although nobody paused it here is left so: it was switched off by hand.
  const switched =
    (pausedNow && described.enabled) || !counted.applied
      ? await applyPause(control, scheduler, schedule, since)
      : false;
  const restarted = pausedNow || byHand ? 0 : await restart(schedule, parts);
  return { switched: switched ? 1 : 0, missed: counted.missed, paused: counted.paused, restarted };
}

const accounted = z.strictObject({ missed: z.int(), paused: z.int(), waiting: z.int() });

/** In one transaction, which holds the schedule's row: two sweepers share nothing out twice. */
function account(
  schedule: KnownSchedule,
  since: Since,
  { createdAt, enabled }: Described,
  { control, log, now }: LookParts,
) {
  const { name, arn, expression, timeZone, missed: policy } = schedule;
  const next = parseExpression(expression, { timeZone, origin: createdAt.getTime() });
  const until = new Date(now.getTime() - PATIENCE_MS);
  return control.transaction(async (sql) => {
    const { paused, applied, looked_until } = await know(sql, schedule, since);
    const times = dueTimes(next, Date.parse(looked_until), until.getTime(), MOST);
    // Somebody has switched it off by hand: what it misses is told, and not started behind their back. One that is off by a
    // pause, or because a resumption has not reached EventBridge, is off by what is recorded here: what it missed outside of
    // the pause is started.
    const byHand = !enabled && !paused && applied;
    const most = byHand || policy === 'none' ? 0 : policy === 'last' ? 1 : policy.allUpTo;
    const [row] = await sql(accounted)`
      select missed, paused, waiting
      from ops.account_for(${name}, ${arn}, ${times.map((time) => scheduledTime(time))}::timestamptz[], ${until.toISOString()}::timestamptz,
                           ${most}, ${policy === 'last'}, ${soon(now).toISOString()}::timestamptz)`;
    if (row === undefined) throw new Error('ops.account_for returned nothing');
    if (row.missed > 0) log.error(TIMES_MISSED, { schedule: name, missed: row.missed, policy });
    return { ...row, pausedNow: paused, applied, byHand };
  });
}

const toStart = z.strictObject({
  scheduled_time: z.iso.datetime({ offset: true }),
  again_at: z.iso.datetime({ offset: true }),
  restarts: z.int(),
  postponed: z.int(),
});

/**
 * Recorded as made only after it was made: in between, the next sweep makes it again, under the same name. Goes on with the
 * postponements where they were: all in all there are no more of them than the pipeline says. A minute apart, oldest first, also
 * when the minutes that were set for them are over: after a pause, or the second time.
 */
async function restart(
  schedule: KnownSchedule,
  { control, scheduler, log, now }: LookParts,
): Promise<number> {
  const { name, arn, pipeline, group } = schedule;
  const until = new Date(now.getTime() - PATIENCE_MS);
  const due = await control.sql(toStart)`
    select scheduled_time, again_at, restarts, postponed
    from ops.schedule_restarts(${name}, ${arn}, ${until.toISOString()}::timestamptz)`;
  let made = 0;
  let free = 0;
  for (const { scheduled_time, again_at, restarts, postponed } of due) {
    const time = scheduledTime(Date.parse(scheduled_time));
    if (restarts >= MOST_RESTARTS) {
      const detail = `started ${restarts} times, and no run came of it`;
      // Told before it is recorded: rather twice than not at all.
      log.error(TIMES_MISSED, { schedule: name, missed: 1, scheduledTime: time, detail });
      await control.sql`select ops.record_schedule_event(${name}, ${time}::timestamptz, 'MISSED', 1, null, ${detail})`;
      continue;
    }
    const at = soon(now, new Date(Math.max(Date.parse(again_at), free)));
    free = at.getTime() + 60_000;
    const event = { scheduleArn: arn, scheduledTime: time, missed: true } as const;
    await scheduler.once(
      onceOf(postponed === 0 ? event : { ...event, postponed }, {
        pipeline,
        group,
        at,
        restart: restarts + 1,
      }),
    );
    await control.sql`
      select ops.record_schedule_event(${name}, ${time}::timestamptz, 'RESCHEDULED', ${restarts + 1}, ${at.toISOString()}::timestamptz, '')`;
    log.info('missed time is started', { schedule: name, scheduledTime: time, at: at.toISOString() });
    made += 1;
  }
  return made;
}
