/** Texts for a parameter, from its schema in the document: good ones, and ones that somebody might try. */
import fc from 'fast-check';
import { type Parameter, type Schema, violations } from './document.ts';

/** Values seen in answers by the name of their field: ids that exist, days on which something happened. */
export type Seen = ReadonlyMap<string, readonly string[]>;

export type Verdict = 'valid' | 'invalid' | 'either';

/** Whether the document allows a text. `either` where a rule has no words in JSON Schema, or means the same in two ways. */
export function verdict({ name, schema }: Parameter, text: string, seen: Seen): Verdict {
  const value = standsFor(schema, text);
  if (name === 'cursor') return seen.get('next_cursor')?.includes(text) ? 'either' : undecided(schema, value);
  if (violations(schema, value).length > 0) return oddlyWritten(text) ? 'either' : 'invalid';
  return String(value) === text && !oddlyWritten(text) ? 'valid' : 'either';
}

/** Well-formed, and perhaps of no page. */
function undecided(schema: Schema, value: unknown): Verdict {
  return violations(schema, value).length > 0 ? 'invalid' : 'either';
}

/** The year 0, a week 53 that the year may lack, blanks around a text, characters of two code units. */
function oddlyWritten(text: string): boolean {
  return /^0000-|-W53$|[\u{10000}-\u{10ffff}]/u.test(text) || text !== text.trim();
}

/** What the text stands for; the text itself where it stands for nothing of the schema's type. */
function standsFor({ type }: Schema, text: string): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

export function goodText({ name, schema }: Parameter, seen: Seen): fc.Arbitrary<string> {
  const known = (seen.get(name === 'cursor' ? 'next_cursor' : name) ?? []).filter(
    (text) => violations(schema, standsFor(schema, text)).length === 0,
  );
  if (name === 'cursor') return known.length === 0 ? fc.constant('') : fc.constantFrom(...known);
  return known.length === 0
    ? bySchema(schema)
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, bySchema(schema));
}

function bySchema({ type, enum: values, format, pattern, ...schema }: Schema): fc.Arbitrary<string> {
  if (Array.isArray(values)) return fc.constantFrom(...values.map(String));
  if (type === 'boolean') return fc.constantFrom('true', 'false');
  if (type === 'integer') {
    const [min, max] = [Number(schema['minimum']), Number(schema['maximum'])];
    return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max)).map(String);
  }
  if (format === 'date') return day;
  if (format === 'date-time') return day.map((date) => `${date}T02:00:00Z`);
  if (format === 'uuid') return fc.uuid();
  const [minLength, maxLength] = [Number(schema['minLength'] ?? 0), Number(schema['maxLength'] ?? 100)];
  if (typeof pattern === 'string' && pattern !== '^[^\\0]*$') return fc.stringMatching(new RegExp(pattern));
  return fc
    .string({ minLength, maxLength })
    .filter((text) => text.trim() === text && text.length >= minLength);
}

const day = fc
  .date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString().slice(0, 10));

/** Nearly a value of the type: what a careless check lets through to the database. */
const NEARLY: Readonly<Record<string, readonly string[]>> = {
  date: [
    '0000-01-01',
    '2026-02-30',
    '2026-1-5',
    '-0001-01-01',
    '10000-01-01',
    'infinity',
    'now',
    '2026-01-13 BC',
  ],
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    'x',
    '{',
    '0'.repeat(32),
    '019AA000-0000-7000-8000-000000000000',
  ],
  integer: ['-1', '0', '2147483648', '99999999999999999999', '1e3', '1.0', '007', '+1', ' 1', '१'],
  boolean: ['TRUE', '1', 'on', 'yes', ''],
};

/** What has broken something somewhere. */
const HOSTILE = [
  '',
  ' ',
  '0',
  '-0',
  '-1',
  '+1',
  '007',
  '1e3',
  '1.5',
  '0x10',
  'NaN',
  'Infinity',
  '-infinity',
  '99999999999999999999',
  '2147483648',
  '9007199254740993',
  'null',
  'undefined',
  'true ',
  'TRUE',
  'yes',
  '[]',
  '{}',
  '[object Object]',
  '__proto__',
  'constructor',
  '2026-02-30',
  '2026-1-5',
  '0000-01-01',
  '-0001-01-01',
  '10000-01-01',
  '2026-01-13T00:00:00Z',
  '2026-W00',
  '2026-W99',
  "' or '1'='1",
  "'; drop schema ops cascade; --",
  '1) union select usename from pg_user --',
  '$1',
  '%',
  '_',
  '\\',
  "\\' or 1=1 --",
  '=1+1',
  '+cmd|calc',
  '@SUM(A1)',
  '-2+3',
  '\0',
  'a\0b',
  '\u202eabc',
  'ñandú',
  'a\u0301',
  '👤',
  '👤'.repeat(60),
  '\ufeff',
  '\r\nset-cookie: a=b',
  '<script>',
  'x'.repeat(101),
  'x'.repeat(8_000),
  '../../etc/passwd',
  ',',
  '1,2',
] as const;

const base64Json = fc
  .oneof(
    fc.jsonValue(),
    fc.array(
      fc.oneof(day, fc.string(), fc.integer(), fc.bigInt().map(String), fc.uuid(), fc.constant('a\0b')),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  )
  .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));

/** Of a key of the right shape whose values PostgreSQL may not have. */
const outlandishKeys = fc
  .tuple(
    fc.constantFrom(
      '0000-01-01',
      '9999-12-31',
      '-infinity',
      '0000-01-01T00:00:00Z',
      'UPSTREAM_OVERPAYMENT',
      '9'.repeat(19),
    ),
    fc.constantFrom<string | number>(
      2_147_483_648,
      9_007_199_254_740_991,
      -1,
      '\0',
      '-infinity',
      'x'.repeat(600),
    ),
    fc.constantFrom<string | number>(2_147_483_648, 'x', '\ud800'),
    fc.constantFrom(2_147_483_648, -2_147_483_648),
  )
  .chain((key) => fc.integer({ min: 1, max: 4 }).map((length) => key.slice(0, length)))
  .map((key) => Buffer.from(JSON.stringify(key)).toString('base64url'));

export function anyText({ name, schema }: Parameter): fc.Arbitrary<string> {
  const nearly = NEARLY[String(schema['format'] ?? schema['type'])];
  const texts = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
    },
    { weight: 1, arbitrary: fc.integer().map(String) },
  );
  if (name === 'cursor') return fc.oneof(texts, base64Json, outlandishKeys);
  return nearly === undefined ? texts : fc.oneof(texts, fc.constantFrom(...nearly));
}
