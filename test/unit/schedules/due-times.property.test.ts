import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueTimes, scheduledTime } from '../../../functions/core/schedules/due-times.ts';
import { parseExpression } from '../../../functions/core/schedules/expression.ts';
import { wallTime } from '../../../functions/core/schedules/zone.ts';
import { disturbances } from '../../infra/wall-clock.ts';

const SEED = 20_001_231;
/** Lima's, the pipelines' own; Chile's, where midnight is skipped; and clocks that jump by an hour or by half of one. */
const ZONES = [
  'America/Lima',
  'America/Santiago',
  'America/New_York',
  'Europe/Madrid',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'UTC',
];
const START = Date.parse('2000-01-01T00:00:00Z');
const END = Date.parse('2041-01-01T00:00:00Z');

const between = (least: number, most: number) => fc.integer({ min: least, max: most });
const field = (least: number, most: number) =>
  fc.oneof(
    stepless(least, most),
    fc.tuple(between(least, most), between(1, most)).map(([from, step]) => `${from}/${step}`),
  );
const stepless = (least: number, most: number) =>
  fc.oneof(
    fc.constant('*'),
    between(least, most).map(String),
    fc
      .tuple(between(least, most), between(least, most))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(between(least, most), { minLength: 2, maxLength: 3 }).map((values) => values.join(',')),
  );
const days = fc.oneof(
  fc.oneof(field(1, 28), fc.constantFrom('L', 'LW', '1W', '15W')).map((day) => [day, '?'] as const),
  fc
    .oneof(stepless(1, 7), fc.constantFrom('L', '6L', '2#1', 'FRI#3', 'MON-FRI'))
    .map((day) => ['?', day] as const),
);
const expressions = fc
  .tuple(field(0, 59), field(0, 23), days, field(1, 12))
  .map(([minutes, hours, [day, weekday], month]) => `cron(${minutes} ${hours} ${day} ${month} ${weekday} *)`);
const instants = between(START / 60_000, END / 60_000).map((minute) => minute * 60_000);

describe('due times', () => {
  test('grow, each found again from just before it and passed over from itself on', () => {
    fc.assert(
      fc.property(expressions, fc.constantFrom(...ZONES), instants, (expression, timeZone, from) => {
        const next = parseExpression(expression, { timeZone, origin: 0 });
        let before = from;
        for (let count = 0; count < 5; count += 1) {
          const due = next(before);
          if (due === undefined) return;
          expect(due).toBeGreaterThan(before);
          expect(next(due - 1)).toBe(due);
          // Whatever lies between two due times leads to the second.
          expect(next(before + Math.floor((due - before) / 2))).toBe(due);
          before = due;
        }
      }),
      { numRuns: 400, seed: SEED },
    );
  });

  test('are what the fields say, read off the clock on the wall', () => {
    fc.assert(
      fc.property(
        between(0, 59),
        between(0, 23),
        fc.constantFrom(...ZONES),
        instants,
        (minute, hour, timeZone, from) => {
          const next = parseExpression(`cron(${minute} ${hour} * * ? *)`, { timeZone, origin: 0 });
          const due = next(from);
          if (due === undefined) throw new Error('a daily time always comes');
          const wall = new Date(wallTime(due, timeZone));
          expect([wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()]).toEqual([hour, minute, 0]);
          // A day passed over at most: the one on which the clocks jump over the time.
          expect(due - from).toBeLessThanOrEqual(49 * 3_600_000);
        },
      ),
      { numRuns: 400, seed: SEED },
    );
  });

  test('in a window are those that one step after the other finds, the newest where there are too many', () => {
    fc.assert(
      fc.property(expressions, instants, between(1, 20), (expression, from, most) => {
        const next = parseExpression(expression, { timeZone: 'America/Lima', origin: 0 });
        const until = from + 40 * 86_400_000;
        const all: number[] = [];
        for (let due = next(from); due !== undefined && due <= until && all.length < 300; due = next(due))
          all.push(due);
        fc.pre(all.length < 300);
        expect(dueTimes(next, from, until, most)).toEqual(all.slice(-most));
      }),
      { numRuns: 200, seed: SEED },
    );
  });
});

/**
 * Every day of 41 years, one after the other, against the zone's changes as the templates' test finds them by other
 * means: on a day whose clocks jump over the time there is none, on every other day, also one that shows it twice,
 * there is exactly one.
 */
describe.each([
  ['America/Lima', 2, 0, 0],
  ['America/Santiago', 0, 40, 0],
  ['America/Santiago', 23, 0, 40],
  ['America/New_York', 2, 41, 0],
  ['America/New_York', 1, 0, 41],
  ['UTC', 2, 0, 0],
] as const)('a time of every day from 2000 to 2040 in %s at %i:30', (timeZone, hour, skipped, repeated) => {
  const changes = disturbances(timeZone, 2000, 2040).filter(({ hours }) => hours.includes(hour));
  const datesOf = (kind: string) => changes.filter((change) => change.kind === kind).map(({ date }) => date);

  test(`comes once on each but ${skipped}, also on the ${repeated} that have it twice`, () => {
    expect([datesOf('skipped').length, datesOf('repeated').length]).toEqual([skipped, repeated]);
    const next = parseExpression(`cron(30 ${hour} * * ? *)`, { timeZone, origin: 0 });
    const found: string[] = [];
    const first = START + 86_400_000;
    for (let due = next(first); due !== undefined && due < END; due = next(due)) {
      found.push(new Date(wallTime(due, timeZone)).toISOString().slice(0, 10));
    }
    const days: string[] = [];
    const last = found.at(-1) ?? '';
    for (let day = Date.parse(found[0] ?? ''); day <= Date.parse(last); day += 86_400_000) {
      days.push(new Date(day).toISOString().slice(0, 10));
    }
    expect(days.length).toBeGreaterThan(14_900);
    expect(found).toEqual(days.filter((day) => !datesOf('skipped').includes(day)));
  });
});

test('a time is written as EventBridge writes it', () => {
  expect(scheduledTime(Date.parse('2026-01-13T07:00:00.000Z'))).toBe('2026-01-13T07:00:00Z');
});
