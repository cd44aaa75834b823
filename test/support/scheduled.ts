import { workerConfig } from '../../functions/core/config.ts';
import type { Database } from '../../functions/core/database.ts';
import { readEvent } from '../../functions/core/events.ts';
import { createLog } from '../../functions/core/log.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { planScheduled } from '../../functions/core/planner-handler.ts';
import type { Queues } from '../../functions/core/queues.ts';
import { know } from '../../functions/core/schedules/apply.ts';
import type { KnownSchedule } from '../../functions/core/schedules/known.ts';
import { FakeScheduler, toySchedule } from './scheduler.ts';
import { services, toyPipeline } from './toy.ts';

let count = 0;

export interface Scheduled {
  readonly schedule: KnownSchedule;
  readonly scheduler: FakeScheduler;
  readonly pipeline: Pipeline;
}

/** A schedule and a pipeline of its own for each test: what is recorded of one is never another's. */
export function scheduled(more: Partial<KnownSchedule> = {}, of: Partial<Pipeline> = {}): Scheduled {
  count += 1;
  const schedule = toySchedule({ name: `cuadre-toy-${count}`, pipeline: `toy-${count}`, ...more });
  const scheduler = new FakeScheduler(schedule);
  scheduler.createdAt = new Date('2026-01-01T00:00:00Z');
  return { schedule, scheduler, pipeline: { ...toyPipeline, name: schedule.pipeline, ...of } };
}

export const silentLog = createLog({ write: () => {} });

export function invocation(control: Database) {
  return { log: silentLog, environment: { ...services(control, control), config: workerConfig({}) } };
}

/** 02:00 in Lima, as EventBridge writes it. */
export const night = (date: string) => `${date}T07:00:00Z`;

/** What the schedule itself hands to its target. */
export function originalInput({ schedule }: Scheduled, date: string) {
  return { source: 'schedule', scheduleArn: schedule.arn, scheduledTime: night(date), dryRun: false };
}

/** Somebody pauses or resumes it, at the clock's time; EventBridge is not told. */
export function pauses(operator: Database, schedule: KnownSchedule, paused: boolean, met: string) {
  return operator.transaction(async (sql) => {
    await know(sql, schedule, { met: new Date(met), changed: null });
    await sql`select ops.pause_schedule(${schedule.name}, ${paused}, 'ana', 'works', false)`;
  });
}

/** The planner, invoked by the input of a schedule. */
export async function fires(
  { scheduler, pipeline, schedule }: Scheduled,
  input: unknown,
  { control, queues, now }: { readonly control: Database; readonly queues: Queues; readonly now: string },
) {
  const read = readEvent(input);
  if (read.from !== 'schedule') throw new Error('not the input of a schedule');
  const parts = { scheduler, group: schedule.group, now: new Date(now) };
  const answer = await planScheduled(pipeline, read.schedule, invocation(control), queues, parts);
  scheduler.returned(input);
  return answer;
}
