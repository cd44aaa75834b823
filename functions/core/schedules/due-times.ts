import type { Freshness, Pipeline, Schedule } from '../pipeline.ts';
import { type NextAfter, parseExpression } from './expression.ts';
import { pipelineNameProblem } from './once.ts';

/** More missed nights than this are a backfill, with an eye on it. */
const MOST_STARTED = 31;

/** As EventBridge Scheduler writes `<aws.scheduler.scheduled-time>`: seconds, UTC. Part of a run's key. */
export function scheduledTime(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

/** The times due after one instant and up to another, oldest first; the newest `most` of them. */
export function dueTimes(next: NextAfter, after: number, until: number, most: number): number[] {
  const found: number[] = [];
  for (let due = next(after); due !== undefined && due <= until; due = next(due)) {
    found.push(due);
    if (found.length > 2 * most) found.splice(0, found.length - most);
  }
  return found.slice(-most);
}

/**
 * What is wrong with a pipeline's schedule, by sentences that name the field and its rule.
 * @param now what is never due after it is refused: it would wait for ever, and nobody would see it
 */
export function scheduleProblems(
  { name, schedule, freshness }: Pick<Pipeline, 'name' | 'schedule' | 'freshness'>,
  now: number,
): string[] {
  const nameProblem = pipelineNameProblem(name);
  return [
    ...(nameProblem === undefined ? [] : [nameProblem]),
    ...expressionProblems(schedule, now),
    ...missedProblems(schedule),
    ...freshnessProblems(freshness),
  ];
}

function expressionProblems({ expression, timeZone }: Schedule, now: number): string[] {
  try {
    const next = parseExpression(expression, { timeZone, origin: now });
    if (next(now - 1) !== undefined) return [];
    const rule = 'it must name a date and a time that are still to come';
    return [
      `schedule.expression: ${expression} in ${timeZone} is never due after ${scheduledTime(now)}: ${rule}`,
    ];
  } catch (error) {
    return [`schedule: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function missedProblems({ expression, missed = 'none' }: Schedule): string[] {
  const rule =
    'a rate counts from when its schedule was made, so that nobody can tell which of its times were due';
  return [
    ...(expression.startsWith('rate(') && missed !== 'none'
      ? [`schedule.missed: must be 'none' with ${expression}: ${rule}`]
      : []),
    ...(typeof missed === 'object' ? within('schedule.missed.allUpTo', missed.allUpTo, MOST_STARTED) : []),
  ];
}

function freshnessProblems(freshness: Freshness | undefined): string[] {
  if (freshness === undefined) return [];
  const { ready, postponeMinutes, times } = freshness;
  return [
    ...(/^[a-z_]+\.[a-z_0-9]+$/.test(ready)
      ? []
      : [`freshness.ready: must be the name of a SQL function as schema.name, got ${ready}`]),
    ...within('freshness.postponeMinutes', postponeMinutes, 720),
    ...within('freshness.times', times, 24),
  ];
}

function within(field: string, value: number, most: number): string[] {
  if (Number.isInteger(value) && value >= 1 && value <= most) return [];
  return [`${field}: must be a whole number from 1 to ${most}, got ${value}`];
}
