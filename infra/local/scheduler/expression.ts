import { Cron } from 'croner';
import { messageOf } from '../errors.ts';
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

/** Reads `cron(...)`, `rate(...)` and `at(...)` as EventBridge Scheduler does; throws with what is wrong. */
export function parseExpression(expression: string, context: ExpressionContext): NextAfter {
  wallTime(0, context.timeZone);
  const [, kind, body] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'cron' && body !== undefined) return cron(body, context.timeZone);
  if (kind === 'rate' && body !== undefined) return rate(body, context.origin);
  if (kind === 'at' && body !== undefined) return at(body, context.timeZone);
  throw new Error(`${expression} is none of cron(...), rate(...), at(...)`);
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
  if (Number.isNaN(wall)) throw new Error(`at(${body}): yyyy-mm-ddThh:mm:ss is expected`);
  const due = instantOf(wall, zone);
  return (instant) => (due !== undefined && due > instant ? due : undefined);
}

/**
 * A time that the zone's clocks jump over in spring is skipped; one that they show twice in autumn runs once.
 * Hence the fields are matched against wall-clock time, and the match is turned into an instant afterwards.
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
  const translated = translate(body);
  try {
    return new Cron(translated, { paused: true, timezone: 'UTC', alternativeWeekdays: true });
  } catch (cause) {
    throw new Error(`cron(${body}): ${messageOf(cause)}`, { cause });
  }
}

const FIELDS = [
  { name: 'minutes', allowed: /^(\*|[\d,\-*/]+)$/, last: 59 },
  { name: 'hours', allowed: /^(\*|[\d,\-*/]+)$/, last: 23 },
  { name: 'day of month', allowed: /^(\?|L|LW|\d+W|[\d,\-*/]+)$/, last: 31 },
  { name: 'month', allowed: /^[\dA-Z,\-*/]+$/, last: 12 },
  { name: 'day of week', allowed: /^(\?|L|[1-7]L|([1-7]|[A-Z]{3})#[1-5]|[1-7A-Z,\-*/]+)$/, last: 7 },
  { name: 'year', allowed: /^[\d,\-*/]+$/, last: 2199 },
] as const;

/**
 * AWS's six fields (minutes first, year last, Sunday is 1, `?` in exactly one of the day fields) in croner's
 * seven. `5/20` means "from 5 on", which croner wants written as a range.
 */
function translate(body: string): string {
  const fields = body.trim().toUpperCase().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    throw new Error(
      `cron(${body}): six fields are expected: minutes hours day-of-month month day-of-week year`,
    );
  }
  for (const [index, { name, allowed }] of FIELDS.entries()) {
    const field = fields[index] ?? '';
    if (!allowed.test(field)) throw new Error(`cron(${body}): ${field} is not a ${name}`);
  }
  if ((fields[2] === '?') === (fields[4] === '?')) {
    throw new Error(`cron(${body}): exactly one of day-of-month and day-of-week must be ?`);
  }
  const translated = fields.map((field, index) => {
    if (index === 4 && field === 'L') return '7';
    return field
      .split(',')
      .map((part) => part.replace(/^(\w+)\/(\d+)$/, `$1-${FIELDS[index]?.last ?? 0}/$2`))
      .join(',');
  });
  return ['0', ...translated].join(' ');
}
