/** Which texts are values of a column, by the type that the catalog gives it: narrower than what PostgreSQL would take. */
import * as z from 'zod';

export const catalogColumn = z.strictObject({
  name: z.string(),
  /** PostgreSQL's name, e.g. int4; `enum` for any enum. */
  type: z.string(),
  /** format_type's text, e.g. numeric(12,2). */
  declared: z.string(),
  required: z.boolean(),
  labels: z.array(z.string()),
});
export type CatalogColumn = z.output<typeof catalogColumn>;

/** What a value must be, when it is not that; undefined when it is. */
export type Check = (value: string) => string | undefined;

const time = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?`;
const dateText = /^(?!0000)\d{4}-\d\d-\d\d$/;
const timestamp = new RegExp(`^(?<date>.{10})[ T]${time}$`);
const timestamptz = new RegExp(String.raw`^(?<date>.{10})[ T]${time}(Z|[+-](0\d|1[0-4])(:[0-5]\d)?)$`);
const wholeTime = new RegExp(`^${time}$`);
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const isDate = (text: string) => dateText.test(text) && z.regexes.date.test(text);
const dated = (pattern: RegExp) => (text: string) => isDate(pattern.exec(text)?.groups?.['date'] ?? '');

const simple: ReadonlyMap<string, { rule: string; holds: (value: string) => boolean }> = new Map([
  ['bool', { rule: 'must be true or false', holds: (text) => text === 'true' || text === 'false' }],
  ['int2', integer(16n)],
  ['int4', integer(32n)],
  ['int8', integer(64n)],
  ['date', { rule: 'must be a date that exists, as YYYY-MM-DD', holds: isDate }],
  ['time', { rule: 'must be a time, as HH:MM:SS', holds: (text) => wholeTime.test(text) }],
  [
    'timestamp',
    {
      rule: 'must be a date and time that exist, as YYYY-MM-DD HH:MM:SS without an offset',
      holds: dated(timestamp),
    },
  ],
  [
    'timestamptz',
    { rule: 'must be a date and time that exist, as YYYY-MM-DD HH:MM:SS+00:00', holds: dated(timestamptz) },
  ],
  ['uuid', { rule: 'must be a UUID', holds: (text) => uuid.test(text) }],
  ['json', { rule: 'must be JSON', holds: isStorableJson }],
  ['jsonb', { rule: 'must be JSON', holds: isStorableJson }],
  ['text', { rule: 'must be text', holds: () => true }],
]);

export function checkFor(column: CatalogColumn): Check {
  const { type, declared, labels } = column;
  if (type === 'enum') {
    const known = new Set(labels);
    return (value) => (known.has(value) ? undefined : `must be one of ${labels.join(', ')}`);
  }
  if (type === 'numeric') return numeric(declared);
  if (type === 'varchar') return varchar(declared);
  const check = simple.get(type);
  if (check === undefined)
    throw new TypeError(`column ${column.name} is of type ${declared}, which no data set has`);
  return (value) => (check.holds(value) ? undefined : check.rule);
}

function integer(bits: bigint) {
  const bound = 2n ** (bits - 1n);
  return {
    rule: `must be a whole number from ${-bound} to ${bound - 1n}`,
    holds: (text: string) => /^-?\d{1,19}$/.test(text) && BigInt(text) >= -bound && BigInt(text) < bound,
  };
}

/** PostgreSQL would round what has too many decimals: here every figure arrives as it was written. */
function numeric(declared: string): Check {
  const [, precision, scale] = /\((\d+),(\d+)\)/.exec(declared) ?? [];
  if (precision === undefined || scale === undefined) {
    return (value) => (/^-?\d{1,100}(\.\d{1,100})?$/.test(value) ? undefined : 'must be a decimal number');
  }
  const pattern = new RegExp(String.raw`^-?0*\d{1,${Number(precision) - Number(scale)}}(\.\d{1,${scale}})?$`);
  const rule = `must be a decimal number of at most ${Number(precision) - Number(scale)} digits before the point and ${scale} after it`;
  return (value) => (pattern.test(value) ? undefined : rule);
}

function varchar(declared: string): Check {
  const longest = Number(/\((\d+)\)/.exec(declared)?.[1] ?? Number.POSITIVE_INFINITY);
  const rule = `must be at most ${longest} characters long`;
  return (value) => (value.length <= longest || [...value].length <= longest ? undefined : rule);
}

/** PostgreSQL's jsonb holds neither NUL nor half a surrogate pair, which JSON can escape. */
function isStorableJson(text: string): boolean {
  const storable = (part: string) => part.isWellFormed() && !part.includes('\0');
  try {
    let good = true;
    JSON.parse(text, (key, value: unknown) => {
      good &&= storable(key) && (typeof value !== 'string' || storable(value));
      return value;
    });
    return good;
  } catch {
    return false;
  }
}
