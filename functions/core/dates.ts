import * as z from 'zod';
import { InputError } from './errors.ts';

const rule = 'must be a calendar date that exists, as YYYY-MM-DD without a time';

/**
 * A calendar date, `YYYY-MM-DD`, that exists: 2026-02-30 is refused, and so is anything with a time, and the year 0,
 * which PostgreSQL does not have.
 */
export const calendarDate = z.iso.date(rule).refine((date) => !date.startsWith('0000'), rule);

const momentRule = 'must be a moment with its offset from UTC, as 2026-01-13T02:00:00Z';

/** A moment as somebody writes it, in a year that PostgreSQL has. */
export const moment = z.iso
  .datetime({ offset: true, error: momentRule })
  .max(40, momentRule)
  .refine((text) => {
    const year = new Date(text).getUTCFullYear();
    return year >= 1 && year <= 9999;
  }, momentRule);

/** As PostgreSQL reads every one of them: it has no offset of 16 hours or more. */
export function inUtc(text: string | undefined): string | undefined {
  return text === undefined ? undefined : new Date(text).toISOString();
}

/** The calendar date of an instant in an IANA zone. */
export function dateIn(timeZone: string, instant: Date): string {
  // en-CA writes dates as YYYY-MM-DD.
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(instant);
}

/**
 * The business date of a run: what was asked for, else the day on which it was due.
 * A future date is refused: its rows do not exist yet, and the run would block the real one.
 */
export function resolveAsOf(asked: string | undefined, timeZone: string, due: Date, now: Date): string {
  const today = dateIn(timeZone, now);
  const asOf = asked ?? dateIn(timeZone, due);
  if (asOf > today) {
    throw new InputError([
      { field: 'asOf', value: asOf, rule: `must not be in the future: today is ${today} in ${timeZone}` },
    ]);
  }
  return asOf;
}
