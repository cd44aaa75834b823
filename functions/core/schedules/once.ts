import type { ScheduleEvent } from '../events.ts';
import type { Once } from './scheduler.ts';

/** A schedule that is made now is due at the next whole minute but one: never in the past by the time it is made. */
const SOON_MS = 60_000;

/** The next full minute that Scheduler still has time for, and not before `wanted`. */
export function soon(now: Date, wanted: Date = now): Date {
  return new Date(Math.ceil(Math.max(now.getTime() + SOON_MS, wanted.getTime()) / 60_000) * 60_000);
}

/** Letters, digits and `-_.`, 64 at most. */
const NAME = /^[\w.-]{1,64}$/;

/**
 * The schedule that fires once in another's stead, with that one's ARN and time in its input: the run's key stays that
 * of the original time, so that nothing can start twice.
 */
export function onceOf(
  event: Pick<ScheduleEvent, 'scheduleArn' | 'scheduledTime'> & Partial<ScheduleEvent>,
  { pipeline, group, at }: { readonly pipeline: string; readonly group: string; readonly at: Date },
): Once {
  const { scheduleArn, scheduledTime, dryRun = false, input = {}, postponed, missed } = event;
  const why = missed === undefined ? `p${postponed ?? 0}` : 'missed';
  const name = `${pipeline}-${scheduledTime.replace(/[-:]/g, '')}-${why}`;
  if (!NAME.test(name)) throw new Error(`${name} is no name for a schedule: the pipeline's is too long`);
  return {
    name,
    group,
    of: scheduleNameOf(scheduleArn),
    at,
    description: `In the stead of ${scheduleNameOf(scheduleArn)}, which was due at ${scheduledTime}: ${missed === undefined ? 'its source was not ready' : 'the time was missed'}`,
    input: {
      source: 'schedule',
      scheduleArn,
      scheduledTime,
      dryRun,
      ...(Object.keys(input).length === 0 ? {} : { input }),
      ...(postponed === undefined ? {} : { postponed }),
      ...(missed === undefined ? {} : { missed }),
    },
  };
}

/** `arn:aws:scheduler:...:schedule/default/cuadre-cabinet-daily` -> `cuadre-cabinet-daily` */
export function scheduleNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
