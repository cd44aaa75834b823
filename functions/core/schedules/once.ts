import type { ScheduleEvent } from '../events.ts';
import type { Once } from './scheduler.ts';

/** A schedule that is made now is due at the next whole minute but one: never in the past by the time it is made. */
const SOON_MS = 60_000;

/** The next full minute that Scheduler still has time for, and not before `wanted`. */
export function soon(now: Date, wanted: Date = now): Date {
  return new Date(Math.ceil(Math.max(now.getTime() + SOON_MS, wanted.getTime()) / 60_000) * 60_000);
}

/** Letters, digits and `-_.`: as Scheduler takes them. */
const NAME = /^[\w.-]+$/;
const LONGEST_NAME = 64;

function nameOf(pipeline: string, scheduledTime: string, why: string): string {
  return `${pipeline}-${scheduledTime.replace(/[-:]/g, '')}-${why}`;
}

/** What is left for a pipeline's name when the longest of these names is a schedule's. */
const LONGEST_PIPELINE = LONGEST_NAME - nameOf('', '2026-01-12T07:00:00Z', 'missed-p24').length;

/** In the words of a refusal; undefined when schedules can be made in the pipeline's stead. */
export function pipelineNameProblem(name: string): string | undefined {
  if (NAME.test(name) && name.length <= LONGEST_PIPELINE) return undefined;
  const rule = `must be 1 to ${LONGEST_PIPELINE} letters, digits and any of - _ .`;
  return `name: ${rule}, got ${name}: with a time and a reason behind it, it names schedules, of ${LONGEST_NAME} characters at most`;
}

/**
 * A name stands for one thing to do: one postponement, one restart. While EventBridge still has the schedule that is firing,
 * another of that name could not be made.
 */
function whyOf({ missed, postponed }: Partial<ScheduleEvent>, restart: number | undefined): string {
  if (restart !== undefined) return restart === 1 ? 'missed' : `missed-${restart}`;
  return `${missed === undefined ? '' : 'missed-'}p${postponed ?? 0}`;
}

/**
 * The schedule that fires once in another's stead, with that one's ARN and time in its input: the run's key stays that
 * of the original time, so that nothing can start twice.
 */
export function onceOf(
  event: Pick<ScheduleEvent, 'scheduleArn' | 'scheduledTime'> & Partial<ScheduleEvent>,
  {
    pipeline,
    group,
    at,
    restart,
  }: {
    readonly pipeline: string;
    readonly group: string;
    readonly at: Date;
    /** Which one of the missed time it is, from 1; a postponement unless given. */
    readonly restart?: number;
  },
): Once {
  const { scheduleArn, scheduledTime, dryRun = false, input = {}, postponed, missed } = event;
  const problem = pipelineNameProblem(pipeline);
  if (problem !== undefined) throw new Error(`pipeline ${pipeline}: ${problem}`);
  return {
    name: nameOf(pipeline, scheduledTime, whyOf(event, restart)),
    group,
    of: scheduleNameOf(scheduleArn),
    at,
    description: `In the stead of ${scheduleNameOf(scheduleArn)}, which was due at ${scheduledTime}: ${restart === undefined ? 'its source was not ready' : 'the time was missed'}`,
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
