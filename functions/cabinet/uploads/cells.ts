/** What a cell of an upload may hold, and how it is written for PostgreSQL. */
import { checkFor } from '../../core/csv/values.ts';

export interface Cell {
  /** What a cell must be; said of one that is not. */
  readonly rule: string;
  /** The value as PostgreSQL takes it; undefined for one that breaks the rule. Never asked about an empty cell. */
  take(text: string): string | undefined;
}

const checks = (type: string) => checkFor({ name: type, type, declared: type, required: false, labels: [] });

const isDate = checks('date');
const isTimestamp = checks('timestamp');

function as(rule: string, holds: (text: string) => boolean): Cell {
  return { rule, take: (text) => (holds(text) ? text : undefined) };
}

function typed(type: string): Cell {
  const check = checks(type);
  // No type's value is empty, so the empty text is told the rule.
  return as(check('') ?? type, (text) => check(text) === undefined);
}

const shorterThan = (text: string, most: number) => text.length <= most || [...text].length <= most;

/** Some are indexed, and an index holds no value over 2,704 bytes: 500 characters are 2,000 at most. */
export const text = as('must be at most 500 characters long', (value) => shorterThan(value, 500));

/** What rows are found by again: white space around it would make another key of the same thing. */
export const key = as(
  'must be at most 200 characters long, without white space at either end',
  (value) => shorterThan(value, 200) && value === value.trim(),
);

export const date = as('must be a date that exists, as YYYY-MM-DD', (value) => isDate(value) === undefined);

export const moment = as(
  'must be a date, or date and time, that exists, as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS without an offset',
  (value) => isDate(value) === undefined || isTimestamp(value) === undefined,
);

/** The upstream keeps the trips' day as text; what is no day there is rejected by every later load. */
export const tripDate = as('must be a date that exists, as DD-MM-YYYY', (value) => {
  const [, day, month, year] = /^(\d\d)-(\d\d)-(\d{4})$/.exec(value) ?? [];
  return isDate(`${year}-${month}-${day}`) === undefined;
});

const FLAGS: ReadonlyMap<string, string> = new Map([
  ...['true', '1', 'yes', 't', 'y'].map((word) => [word, 'true'] as const),
  ...['false', '0', 'no', 'f', 'n'].map((word) => [word, 'false'] as const),
]);

export const flag: Cell = {
  rule: 'must be true, 1, yes, t or y, or false, 0, no, f or n',
  take: (value) => FLAGS.get(value.toLowerCase()),
};

export const time = typed('time');
export const wholeNumber = typed('int4');
export const bigNumber = typed('int8');

export const count = as(
  'must be a whole number from 0 to 2147483647',
  (value) => !value.startsWith('-') && checks('int4')(value) === undefined,
);

export const decimal = typed('numeric');
