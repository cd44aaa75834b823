import * as z from 'zod';
import type { Sql } from '../database.ts';
import { dateIn } from '../dates.ts';
import { PermanentError } from '../errors.ts';
import type { ScheduleEvent } from '../events.ts';
import type { JsonObject } from '../job.ts';
import type { Pipeline } from '../pipeline.ts';
import { onceOf, scheduleNameOf, soon } from './once.ts';
import type { Scheduler } from './scheduler.ts';

export interface GateParts {
  readonly sql: Sql;
  readonly scheduler: Scheduler;
  /** Where the schedules that fire once in this one's stead are made. */
  readonly group: string | undefined;
  readonly now: Date;
}

/** A scheduled time begins its run, with what the run is to say of it; or it does not, for this reason. */
export type Gate =
  | { readonly open: true; readonly detail: JsonObject }
  | {
      readonly open: false;
      readonly held: 'paused' | 'postponed';
      readonly again: string | null;
      readonly why: string;
    };

const standing = z.strictObject({ started: z.boolean(), paused: z.boolean() });
const answer = z.strictObject({ ready: z.boolean(), detail: z.string() });
const kept = z.strictObject({ again_at: z.iso.datetime({ offset: true }).nullable() });

/**
 * What stands between a due time and its run: a pause, and a source that is not loaded yet. Each is recorded before it
 * is acted upon, under the original time, so that a repetition finds it and does the same. A time that has its run is
 * let through: the run is found by its key.
 * @throws RetryableError SCHEDULER when the postponement could not be made; repeated, it is the same one
 */
export async function gate(pipeline: Pipeline, event: ScheduleEvent, parts: GateParts): Promise<Gate> {
  const { sql } = parts;
  const { scheduleArn, scheduledTime, postponed, missed } = event;
  const schedule = scheduleNameOf(scheduleArn);
  const [state] = await sql(standing)`
    select exists (select from ops.runs where trigger_key = ${`${scheduleArn} ${scheduledTime}`}) as started,
           coalesce((select paused from ops.schedules where schedule = ${schedule}), false) as paused`;
  const detail = {
    ...(postponed === undefined ? {} : { postponed }),
    ...(missed === undefined ? {} : { missed }),
  };
  if (state?.started === true) return { open: true, detail };
  if (state?.paused === true) {
    const why = `${schedule} is paused`;
    await record(sql, event, 'PAUSED', 0, null, why);
    return { open: false, held: 'paused', again: null, why };
  }
  const source = await ask(sql, pipeline, scheduledTime);
  if (source.ready) return { open: true, detail };
  if (pipeline.freshness === undefined || (postponed ?? 0) >= pipeline.freshness.times) {
    await record(sql, event, 'DEGRADED', 0, null, source.detail);
    return { open: true, detail: { ...detail, degraded: source.detail } };
  }
  const again = await postpone(pipeline, event, pipeline.freshness.postponeMinutes, source.detail, parts);
  return { open: false, held: 'postponed', again, why: source.detail };
}

async function ask(
  sql: Sql,
  { freshness, timeZone }: Pipeline,
  due: string,
): Promise<z.infer<typeof answer>> {
  if (freshness === undefined) return { ready: true, detail: '' };
  const asOf = dateIn(timeZone, new Date(due));
  const [said] = await sql(
    answer,
  )`select ready, detail from ops.source_ready(${freshness.ready}, ${asOf}::date)`;
  if (said === undefined) throw new Error(`${freshness.ready} returned nothing`);
  return said;
}

/** First the record, then the schedule: in between, the planner's own repetition or the sweeper finds the record. */
async function postpone(
  { name }: Pipeline,
  event: ScheduleEvent,
  minutes: number,
  why: string,
  { sql, scheduler, group, now }: GateParts,
): Promise<string> {
  if (group === undefined) {
    throw new PermanentError('ONCE_GROUP names no group of schedules: this planner cannot postpone', {
      code: 'NO_ONCE_GROUP',
    });
  }
  const postponed = (event.postponed ?? 0) + 1;
  const wanted = soon(now, new Date(now.getTime() + minutes * 60_000));
  const recorded = await record(sql, event, 'POSTPONED', postponed, wanted, why);
  const at = soon(now, recorded ?? wanted);
  await scheduler.once(onceOf({ ...event, postponed }, { pipeline: name, group, at }));
  return at.toISOString();
}

async function record(
  sql: Sql,
  { scheduleArn, scheduledTime }: ScheduleEvent,
  what: 'PAUSED' | 'DEGRADED' | 'POSTPONED',
  ordinal: number,
  again: Date | null,
  detail: string,
): Promise<Date | undefined> {
  const [row] = await sql(kept)`
    select ops.record_schedule_event(${scheduleNameOf(scheduleArn)}, ${scheduledTime}::timestamptz, ${what}, ${ordinal},
                                     ${again?.toISOString() ?? null}::timestamptz, ${detail}) as again_at`;
  return row?.again_at ? new Date(row.again_at) : undefined;
}
