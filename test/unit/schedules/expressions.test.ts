import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../../functions/core/schedules/expression.ts';
import { instantOf, wallTime } from '../../../functions/core/schedules/zone.ts';

/** The first times after an instant, as ISO strings without milliseconds. */
function due(expression: string, timeZone: string, after: string, count = 3, origin = after): string[] {
  const next = parseExpression(expression, { timeZone, origin: Date.parse(origin) });
  const times: string[] = [];
  let instant = Date.parse(after);
  while (times.length < count) {
    const time = next(instant);
    if (time === undefined) break;
    times.push(`${new Date(time).toISOString().slice(0, 19)}Z`);
    instant = time;
  }
  return times;
}

describe('rate', () => {
  test('counts from its origin, not from the full hour', () => {
    expect(due('rate(45 minutes)', 'UTC', '2026-03-01T10:07:30Z')).toEqual([
      '2026-03-01T10:52:30Z',
      '2026-03-01T11:37:30Z',
      '2026-03-01T12:22:30Z',
    ]);
  });

  test('is due at its origin itself', () => {
    expect(due('rate(2 hours)', 'UTC', '2026-03-01T09:00:00Z', 2, '2026-03-01T10:00:00Z')).toEqual([
      '2026-03-01T10:00:00Z',
      '2026-03-01T12:00:00Z',
    ]);
  });

  test('a day is 24 hours, also when the clocks change', () => {
    expect(due('rate(1 day)', 'America/New_York', '2026-03-07T15:00:00Z', 2)).toEqual([
      '2026-03-08T15:00:00Z',
      '2026-03-09T15:00:00Z',
    ]);
  });

  test.each(['rate(0 minutes)', 'rate(1 minutes)', 'rate(2 minute)', 'rate(5 weeks)', 'rate(1.5 hours)'])(
    '%s is refused',
    (expression) => {
      expect(() => due(expression, 'UTC', '2026-01-01T00:00:00Z')).toThrow(expression);
    },
  );
});

describe('at', () => {
  test('is due once, in its zone', () => {
    expect(due('at(2026-06-30T02:00:00)', 'America/Lima', '2026-01-01T00:00:00Z')).toEqual([
      '2026-06-30T07:00:00Z',
    ]);
    expect(due('at(2026-06-30T02:00:00)', 'America/Lima', '2026-06-30T07:00:00Z')).toEqual([]);
  });

  test('in an hour that the clocks jump over is never due', () => {
    expect(due('at(2026-03-08T02:30:00)', 'America/New_York', '2026-01-01T00:00:00Z')).toEqual([]);
  });

  test.each(['at(2026-06-30)', 'at(2026-13-01T00:00:00)', 'at(2026-02-30T00:00:00)'])(
    '%s is refused',
    (expression) => {
      expect(() => due(expression, 'UTC', '2026-01-01T00:00:00Z')).toThrow(expression);
    },
  );
});

describe("cron in AWS's dialect", () => {
  const from = '2026-01-01T00:00:00Z';

  test.each([
    ['nightly', 'cron(0 2 * * ? *)', ['2026-01-01T02:00:00Z', '2026-01-02T02:00:00Z']],
    ['from minute 5 on, every 20', 'cron(5/20 3 * * ? *)', ['2026-01-01T03:05:00Z', '2026-01-01T03:25:00Z']],
    ['1 is Sunday', 'cron(0 10 ? * 1 *)', ['2026-01-04T10:00:00Z', '2026-01-11T10:00:00Z']],
    ['7 is Saturday', 'cron(0 10 ? * 7 *)', ['2026-01-03T10:00:00Z', '2026-01-10T10:00:00Z']],
    ['L as a weekday is Saturday', 'cron(0 10 ? * L *)', ['2026-01-03T10:00:00Z', '2026-01-10T10:00:00Z']],
    ['2-6 is Monday to Friday', 'cron(0 10 ? * 2-6 *)', ['2026-01-01T10:00:00Z', '2026-01-02T10:00:00Z']],
    ['names', 'cron(0 10 ? FEB MON-TUE *)', ['2026-02-02T10:00:00Z', '2026-02-03T10:00:00Z']],
    ['third Friday', 'cron(0 10 ? * 6#3 *)', ['2026-01-16T10:00:00Z', '2026-02-20T10:00:00Z']],
    ['last Friday', 'cron(0 10 ? * 6L *)', ['2026-01-30T10:00:00Z', '2026-02-27T10:00:00Z']],
    ['last day of the month', 'cron(0 10 L * ? *)', ['2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z']],
    ['last weekday of the month', 'cron(0 10 LW * ? *)', ['2026-01-30T10:00:00Z', '2026-02-27T10:00:00Z']],
    ['weekday nearest the 1st', 'cron(0 10 1W 2,3 ? *)', ['2026-02-02T10:00:00Z', '2026-03-02T10:00:00Z']],
    [
      'a month without the day is passed over',
      'cron(0 0 31 * ? *)',
      ['2026-01-31T00:00:00Z', '2026-03-31T00:00:00Z'],
    ],
    ['years', 'cron(0 0 1 1 ? 2030-2032/2)', ['2030-01-01T00:00:00Z', '2032-01-01T00:00:00Z']],
    [
      'every third year, counted from 1970',
      'cron(0 0 1 1 ? */3)',
      ['2027-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
    ],
    [
      'every second day, counted from the first',
      'cron(0 0 */2 2 ? *)',
      ['2026-02-01T00:00:00Z', '2026-02-03T00:00:00Z'],
    ],
    ['a year that is over', 'cron(0 0 1 1 ? 2020)', []],
  ])('%s', (_name, expression, expected) => {
    expect(due(expression, 'UTC', from, 2)).toEqual(expected);
  });

  test('is read in its zone', () => {
    expect(due('cron(0 2 * * ? *)', 'America/Lima', from, 2)).toEqual([
      '2026-01-01T07:00:00Z',
      '2026-01-02T07:00:00Z',
    ]);
  });

  test('skips a time that the clocks jump over', () => {
    expect(due('cron(30 2 * * ? *)', 'America/New_York', '2026-03-07T00:00:00Z')).toEqual([
      '2026-03-07T07:30:00Z',
      '2026-03-09T06:30:00Z',
      '2026-03-10T06:30:00Z',
    ]);
    // Midnight does not exist on the day on which Chile goes forward.
    expect(due('cron(0 0 * * ? *)', 'America/Santiago', '2026-09-05T00:00:00Z')).toEqual([
      '2026-09-05T04:00:00Z',
      '2026-09-07T03:00:00Z',
      '2026-09-08T03:00:00Z',
    ]);
  });

  test('runs once at a time that the clocks show twice', () => {
    expect(due('cron(30 1 * * ? *)', 'America/New_York', '2026-10-31T12:00:00Z', 2)).toEqual([
      '2026-11-01T05:30:00Z',
      '2026-11-02T06:30:00Z',
    ]);
    expect(due('cron(30 * * * ? *)', 'America/New_York', '2026-11-01T04:00:00Z', 4)).toEqual([
      '2026-11-01T04:30:00Z',
      '2026-11-01T05:30:00Z',
      '2026-11-01T07:30:00Z',
      '2026-11-01T08:30:00Z',
    ]);
  });

  test.each([
    ['cron(0 2 * * *)', 'six fields'],
    ['cron(0 2 * * * *)', 'exactly one of day-of-month and day-of-week must be ?'],
    ['cron(0 2 ? * ? *)', 'exactly one of day-of-month and day-of-week must be ?'],
    ['cron(60 2 * * ? *)', 'the field minutes must be *, values, ranges, steps or lists of 0 to 59, got 60'],
    ['cron(0 24 * * ? *)', 'the field hours must be *, values, ranges, steps or lists of 0 to 23, got 24'],
    ['cron(0 5-2 * * ? *)', 'the field hours must have its ranges forwards, and 5-2 runs backwards'],
    ['cron(0/0 2 * * ? *)', 'the field minutes must have steps of 1 to 59'],
    ['cron(0 2 32W * ? *)', 'the field day-of-month must be'],
    [
      'cron(0 2 * FEV ? *)',
      'the field month must be *, values, ranges, steps or lists of 1 to 12 or JAN to DEC, got FEV',
    ],
    ['cron(0 2 * * ? 1969)', 'the field year must be'],
    ['cron(0 2 ? * 6#6 *)', 'the field day-of-week must be'],
    ['cron(0 2 L-3 * ? *)', 'the field day-of-month must be'],
    [
      'cron(0 2 ? * 0 *)',
      'the field day-of-week must be *, values, ranges or lists of 1 to 7 or SUN to SAT; or ?, L,',
    ],
    [
      'cron(0 2 ? * MON/2 *)',
      'the field day-of-week must have no steps: list what it is due on, as MON,WED,FRI, got MON/2',
    ],
    ['cron(0 2 ? * */2 *)', 'the field day-of-week must have no steps'],
    ['cron(@daily)', 'six fields'],
    ['every day', 'none of cron'],
  ])('%s is refused', (expression, why) => {
    expect(() => due(expression, 'UTC', from)).toThrow(why);
  });

  test('an unknown zone is refused', () => {
    expect(() => due('cron(0 2 * * ? *)', 'Mars/Olympus', from)).toThrow('Mars/Olympus');
  });
});

describe('a zone', () => {
  /** Around the days on which clocks change, north and south. */
  const SPANS = [
    ['2026-03-01', '2026-04-10'],
    ['2026-09-01', '2026-11-05'],
  ] as const;

  test.each([
    'America/Lima',
    'America/New_York',
    'America/Santiago',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
  ])('%s shows each of its wall times at the first instant that has it', (zone) => {
    for (const [from, to] of SPANS) {
      const latest = { wall: Number.NEGATIVE_INFINITY };
      for (let instant = Date.parse(from); instant < Date.parse(to); instant += 1_800_000) {
        const wall = wallTime(instant, zone);
        const found = instantOf(wall, zone);
        if (wall > latest.wall) expect(found).toBe(instant);
        else expect(found).toBeLessThan(instant);
        latest.wall = Math.max(latest.wall, wall);
      }
    }
  });
});
