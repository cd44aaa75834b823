import { Cron } from 'croner';
import { translateFields } from './fields.ts';
import { instantOf, wallTime } from './zone.ts';

/** When a schedule is due: the first instant after one (milliseconds), or undefined when there is none. */
export type NextAfter = (instant: number) => number | undefined;

export interface ExpressionContext {
  /** IANA zone; UTC unless given. */
  readonly timeZone: string;
  /** Where a rate counts from: the start date, else the creation. */
  readonly origin: number;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Reads `cron(...)`, `rate(...)` and `at(...)` as EventBridge Scheduler does. One place for all who ask when a schedule
 * is due: the sweeper, the API, the local runtime and the tests of the templates.
 * @throws Error with a sentence that names the field and its rule
 */
export function parseExpression(expression: string, context: ExpressionContext): NextAfter {
  assertZone(context.timeZone);
  const [, kind, body] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'cron' && body !== undefined) return cron(body, context.timeZone);
  if (kind === 'rate' && body !== undefined) return rate(body, context.origin);
  if (kind === 'at' && body !== undefined) return at(body, context.timeZone);
  throw new Error(`${expression} is none of cron(...), rate(...), at(...)`);
}

/** Node would also take an offset, which Scheduler does not. */
function assertZone(timeZone: string): void {
  try {
    if (!/^[A-Za-z]/.test(timeZone)) throw new RangeError(timeZone);
    wallTime(0, timeZone);
  } catch (cause) {
    throw new Error(`${timeZone} is not a time zone: an IANA name such as America/Lima is expected`, {
      cause,
    });
  }
}

/** From the origin on, at equal distances: `rate(45 minutes)` is not "at minute 0 and 45". */
function rate(body: string, origin: number): NextAfter {
  const [, digits, unit, plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const count = Number(digits);
  const unitMs = UNITS[unit ?? ''];
  if (unitMs === undefined || count < 1 || (count === 1) !== (plural === '')) {
    throw new Error(`rate(${body}): a positive number and minute(s), hour(s) or day(s) are expected`);
  }
  const step = count * unitMs;
  return (instant) => {
    return instant < origin ? origin : origin + (Math.floor((instant - origin) / step) + 1) * step;
  };
}

function at(body: string, zone: string): NextAfter {
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body) ? Date.parse(`${body}Z`) : Number.NaN;
  // A date that does not exist is one that reads back as another.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== body) {
    throw new Error(`at(${body}): yyyy-mm-ddThh:mm:ss is expected, on a day that exists`);
  }
  const due = instantOf(wall, zone);
  return (instant) => (due !== undefined && due > instant ? due : undefined);
}

/**
 * A time that the zone's clocks jump over in spring is skipped; one that they show twice in autumn runs once: so
 * EventBridge Scheduler documents it (docs/schedules.md, "When a schedule is due"). Hence the fields are matched against
 * wall-clock time, and the match is turned into an instant afterwards.
 */
function cron(body: string, zone: string): NextAfter {
  const pattern = matcher(body);
  return (instant) => {
    let wall = wallTime(instant, zone);
    for (;;) {
      const match = pattern.nextRun(new Date(wall));
      if (match === null) return undefined;
      wall = match.getTime();
      const due = instantOf(wall, zone);
      if (due !== undefined && due > instant) return due;
    }
  };
}

function matcher(body: string): Cron {
  const translated = translateFields(body);
  try {
    return new Cron(translated, { paused: true, timezone: 'UTC', alternativeWeekdays: true });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cron(${body}): ${said}`, { cause });
  }
}
