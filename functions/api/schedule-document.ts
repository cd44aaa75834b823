import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import { scheduledTime } from '../core/schedules/due-times.ts';
import { parseExpression } from '../core/schedules/expression.ts';
import type { KnownSchedule } from '../core/schedules/known.ts';
import { schedulesOf } from '../core/schedules/known.ts';
import { awsScheduler, type Described, type Scheduler } from '../core/schedules/scheduler.ts';
import { instant } from '../core/wire.ts';

/** What the endpoints reach beside the database; a test gives them others. */
export interface ScheduleParts {
  readonly scheduler: Scheduler;
  readonly schedules: () => readonly KnownSchedule[];
  readonly now: () => Date;
}

export const scheduleParts: ScheduleParts = {
  scheduler: awsScheduler(),
  schedules: () => schedulesOf(process.env),
  now: () => new Date(),
};

const change = z.strictObject({
  operator: z.string(),
  reason: z.string(),
  at: instant,
});

const lastRun = z.strictObject({
  run_id: z.guid(),
  status: z.enum(['running', 'succeeded', 'failed']),
  as_of: z.iso.date(),
  scheduled_time: instant.describe('When it was due.'),
  created_at: instant.describe('When it began.'),
  finished_at: instant.nullable(),
  degraded: z
    .string()
    .nullable()
    .describe('What its source lacked when it began all the same; null when nothing.'),
});

const happening = z.strictObject({
  scheduled_time: instant,
  event: z
    .enum(['POSTPONED', 'DEGRADED', 'PAUSED', 'MISSED', 'RESCHEDULED'])
    .describe(
      'The source was not ready and the run was put off; it began all the same; the time fell into a pause; nothing came of the time; the schedule that makes up for it was made.',
    ),
  ordinal: z
    .int()
    .describe(
      'Which postponement of the time it is, or which RESCHEDULED; 1 of MISSED: nothing came of those either, and no more is done; 0 for what happens once.',
    ),
  happened_at: instant,
  again_at: instant.nullable().describe('When the time is tried again; null where it is not.'),
  detail: z.string(),
});

const ledger = z.strictObject({
  schedule: z.string(),
  paused: z.boolean(),
  applied: z.boolean(),
  last_change: change.nullable(),
  last_run: lastRun.nullable(),
  events: z.array(happening),
});

export const scheduleDocument = z.strictObject({
  name: z.string().describe('As EventBridge Scheduler has it.'),
  pipeline: z.string(),
  expression: z.string(),
  time_zone: z.string(),
  missed: z
    .union([z.enum(['none', 'last']), z.strictObject({ allUpTo: z.int() })])
    .describe(
      'What becomes of due times of which nothing came: no run, one for the last, one for each of the newest N.',
    ),
  state: z
    .enum(['enabled', 'paused', 'disabled', 'gone'])
    .describe(
      'Paused: by a person, and nothing starts. Disabled: switched off in EventBridge and not here. Gone: EventBridge has no such schedule.',
    ),
  applied: z
    .boolean()
    .describe(
      'Whether EventBridge has been told of the last pause or resumption. Until then the next sweep tells it.',
    ),
  next: instant.nullable().describe('When it is due next; null while it is not enabled.'),
  last_change: change.nullable().describe('The last pause or resumption; null when there was none.'),
  last_run: lastRun.nullable().describe('The run of the newest due time that has one.'),
  events: z.array(happening).describe('What kept due times from simply becoming runs: the newest twenty.'),
});
scheduleDocument.register(z.globalRegistry, { id: 'Schedule' });

export type ScheduleDocument = z.infer<typeof scheduleDocument>;

/** One after the other: they are a handful, and the connection is one. */
export async function describeSchedules(
  sql: Sql,
  schedules: readonly KnownSchedule[],
  { scheduler, now }: Pick<ScheduleParts, 'scheduler' | 'now'>,
): Promise<ScheduleDocument[]> {
  const rows = await sql(ledger)`
    select k.schedule, coalesce(s.paused, false) as paused, s.action_id is null or s.applied_at is not null as applied,
           (select jsonb_build_object('operator', a.operator, 'reason', a.reason, 'at', a.acted_at)
            from ops.operator_actions a where a.action_id = s.action_id) as last_change,
           (select jsonb_build_object('run_id', r.run_id, 'status', r.status, 'as_of', r.as_of, 'scheduled_time', r.scheduled_time,
                                      'created_at', r.created_at, 'finished_at', r.finished_at, 'degraded', r.degraded)
            from ops.v_schedule_runs r where r.schedule_arn = k.arn order by r.scheduled_time desc limit 1) as last_run,
           coalesce((select jsonb_agg(jsonb_build_object('scheduled_time', e.scheduled_time, 'event', e.event, 'ordinal', e.ordinal,
                                                         'happened_at', e.happened_at, 'again_at', e.again_at, 'detail', e.detail)
                                      order by e.event_id desc)
                     from (select * from ops.schedule_events e where e.schedule = k.schedule order by e.event_id desc limit 20) e), '[]') as events
    from unnest(${schedules.map(({ name }) => name)}::text[], ${schedules.map(({ arn }) => arn)}::text[]) as k(schedule, arn)
    left join ops.schedules s using (schedule)`;
  const byName = new Map(rows.map((row) => [row.schedule, row]));
  const documents: ScheduleDocument[] = [];
  for (const schedule of schedules) {
    const row = byName.get(schedule.name);
    if (row === undefined) throw new Error(`${schedule.name} was not looked up`);
    documents.push(documentOf(schedule, row, await scheduler.describe(schedule.name), now()));
  }
  return documents;
}

function documentOf(
  { name, pipeline, expression, timeZone, missed }: KnownSchedule,
  { schedule: _, paused, ...row }: z.infer<typeof ledger>,
  described: Described | undefined,
  now: Date,
): ScheduleDocument {
  const state =
    described === undefined ? 'gone' : paused ? 'paused' : described.enabled ? 'enabled' : 'disabled';
  const origin = described?.createdAt.getTime() ?? 0;
  const next =
    state === 'enabled' ? parseExpression(expression, { timeZone, origin })(now.getTime()) : undefined;
  return {
    name,
    pipeline,
    expression,
    time_zone: timeZone,
    missed,
    state,
    next: next === undefined ? null : scheduledTime(next),
    ...row,
  };
}
