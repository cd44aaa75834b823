import * as z from 'zod';
import { ConflictError, NotFoundError, RetryableError } from '../core/errors.ts';
import { done, endpoint, noParameters, problemDocument } from '../core/http.ts';
import { applyPause, know, sinceOf } from '../core/schedules/apply.ts';
import type { Described, Scheduler } from '../core/schedules/scheduler.ts';
import { callerOf } from './caller.ts';
import { reasoned } from './reason.ts';
import { describeSchedules, scheduleDocument, scheduleParts } from './schedule-document.ts';

const recorded = z.strictObject({
  verdict: z.enum(['RECORDED', 'REPEATED', 'ALREADY']),
  operator: z.string().nullable(),
  reason: z.string().nullable(),
  acted_at: z.iso.datetime({ offset: true }).nullable(),
});

/** As EventBridge takes it. */
const scheduleName = z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits and any of _ . -');

/** POST /api/v1/schedules/{name}/pause: in force from the moment it is recorded; a deployment does not undo it. */
export const schedulesPause = (parts = scheduleParts) => change(true, parts);

/** POST /api/v1/schedules/{name}/resume: what fell into the pause is not made up for. */
export const schedulesResume = (parts = scheduleParts) => change(false, parts);

const WORDS = {
  pause: {
    summary: 'Pause a schedule',
    description:
      'Nothing starts by it until it is resumed, also after a deployment. Runs under way go on. What is due meanwhile is recorded and not made up for. Said again by the same person for the same reason, it finishes what was begun.',
    code: 'SCHEDULE_PAUSED',
  },
  resume: {
    summary: 'Resume a schedule',
    description:
      'It starts runs again from its next due time on; for a day that fell into the pause, start a run. Said again by the same person for the same reason, it finishes what was begun.',
    code: 'SCHEDULE_NOT_PAUSED',
  },
} as const;

function change(pause: boolean, parts: typeof scheduleParts) {
  const action = pause ? 'pause' : 'resume';
  const { summary, description, code } = WORDS[action];
  return endpoint({
    method: 'POST',
    route: `/api/v1/schedules/{name}/${action}`,
    summary,
    description,
    query: noParameters,
    path: z.strictObject({ name: scheduleName.describe('Of the list of schedules.') }),
    body: reasoned,
    answer: scheduleDocument,
    problems: { 404: ['UNKNOWN_SCHEDULE'], 409: [code] },
    async run({ event, path, body: { reason }, environment: { control }, log }) {
      const operator = callerOf(event);
      const schedule = parts.schedules().find(({ name }) => name === path.name);
      if (schedule === undefined) throw unknown(path.name);
      const { name } = schedule;
      let isRecorded = false;
      try {
        const described = await describedFor(pause, parts.scheduler, name);
        const since = sinceOf(described, parts.now());
        const row = await control.transaction(async (sql) => {
          const { paused, applied } = await know(sql, schedule, since);
          // Resuming also serves what was switched off by hand. While the row is held nobody else switches it: off for want of
          // a resumption that is recorded, or is being applied, is not off by hand.
          const switchedOff =
            !pause && !paused && applied && (await parts.scheduler.describe(name))?.enabled === false;
          const [said] = await sql(recorded)`
            select verdict, operator, reason, acted_at
            from ops.pause_schedule(${name}, ${pause}, ${operator}, ${reason}, ${switchedOff})`;
          return said;
        });
        if (row === undefined) throw new Error('ops.pause_schedule returned nothing');
        isRecorded = row.verdict !== 'ALREADY';
        // Also for who comes second: it may be that the first one never got as far.
        await applyPause(control, parts.scheduler, schedule, since);
        if (row.verdict === 'ALREADY') {
          throw new ConflictError(refusal(pause, name, row), { code });
        }
        log.info(`schedule ${action}d`, { schedule: name, operator, verdict: row.verdict });
        const [document] = await describeSchedules(control.sql, [schedule], parts);
        if (document === undefined) throw new Error(`${name} was not described`);
        return done(200, document);
      } catch (error) {
        if (!isUntold(error)) throw error;
        log.error('EventBridge Scheduler could not be told', { schedule: name, action, error });
        return untold(name, action, isRecorded);
      }
    },
  });
}

/** A pause is recorded whatever EventBridge says, or does not say. */
async function describedFor(
  pause: boolean,
  scheduler: Scheduler,
  name: string,
): Promise<Described | undefined> {
  try {
    return await scheduler.describe(name);
  } catch (error) {
    if (pause && isUntold(error)) return undefined;
    throw error;
  }
}

function isUntold(error: unknown): error is RetryableError {
  return error instanceof RetryableError && error.code === 'SCHEDULER';
}

function unknown(name: string): NotFoundError {
  return new NotFoundError(`there is no schedule ${name}: GET /api/v1/schedules lists them`, {
    code: 'UNKNOWN_SCHEDULE',
  });
}

function refusal(
  pause: boolean,
  name: string,
  { operator, reason, acted_at }: z.infer<typeof recorded>,
): string {
  if (operator === null) return `${name} is not paused: there is nothing to resume`;
  const who = `by ${operator} on ${acted_at} (${reason})`;
  return pause
    ? `${name} is paused already, ${who}: resume it first to pause it for another reason`
    : `${name} was resumed already, ${who}: there is nothing to do`;
}

/** It is recorded, or nothing has happened; which of the two decides what a person has to do. */
function untold(name: string, action: 'pause' | 'resume', isRecorded: boolean) {
  const consequence =
    action === 'pause'
      ? 'the pause is recorded and in force: nothing starts by the schedule'
      : 'the resumption is recorded, but the schedule does not fire before EventBridge is told';
  const detail = isRecorded
    ? `EventBridge Scheduler could not be told of ${name}: ${consequence}. Send the request again, or leave it to the next sweep.`
    : `EventBridge Scheduler could not be asked about ${name}, and nothing was done: send the request again.`;
  return problemDocument(503, 'Temporarily unavailable', detail, {}, { 'retry-after': '5' });
}
