/**
 * What each PostgreSQL type becomes. Exact types stay text: numeric and int8 are decimal strings, date is
 * `2026-01-13`, timestamp is PostgreSQL's text, timestamptz is ISO 8601 in UTC with the microseconds it has
 * (`2026-01-13T07:00:00.123456Z`; `infinity` stays). Types not listed here arrive as PostgreSQL's text.
 */
type Parser = (text: string) => unknown;

const asText: Parser = (text) => text;

const SCALARS: readonly { readonly oid: number; readonly array: number; readonly parse: Parser }[] = [
  { oid: 16, array: 1000, parse: (text) => text === 't' },
  { oid: 17, array: 1001, parse: (text) => Buffer.from(text.slice(2), 'hex') },
  { oid: 20, array: 1016, parse: asText },
  { oid: 21, array: 1005, parse: Number },
  { oid: 23, array: 1007, parse: Number },
  { oid: 25, array: 1009, parse: asText },
  { oid: 26, array: 1028, parse: Number },
  { oid: 114, array: 199, parse: (text) => JSON.parse(text) },
  { oid: 700, array: 1021, parse: Number },
  { oid: 701, array: 1022, parse: Number },
  { oid: 1043, array: 1015, parse: asText },
  { oid: 1082, array: 1182, parse: asText },
  { oid: 1114, array: 1115, parse: asText },
  { oid: 1184, array: 1185, parse: toIsoUtc },
  { oid: 1700, array: 1231, parse: asText },
  { oid: 2950, array: 2951, parse: asText },
  { oid: 3802, array: 3807, parse: (text) => JSON.parse(text) },
];

export interface DriverType {
  readonly to: number;
  readonly from: number[];
  readonly serialize: (value: unknown) => string;
  readonly parse: Parser;
}

/**
 * The driver's own serializers rewrite text by the type that the server infers: a string for a jsonb column
 * would be quoted again, 'true' would become false, a timestamp would pass through a Date. Ours leave it alone.
 */
export function driverTypes(): Record<string, DriverType> {
  const types = SCALARS.flatMap(({ oid, array, parse }) => [
    { oid, parse },
    { oid: array, parse: (text: string) => parseArray(text, parse) },
  ]);
  return Object.fromEntries(
    types.map(({ oid, parse }) => [`oid${oid}`, { to: oid, from: [oid], serialize: String, parse }]),
  );
}

const TIMESTAMPTZ = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)(:\d\d)?$/;

export function toIsoUtc(text: string): string {
  const [, date, time, fraction = '', hours, minutes = ':00'] = TIMESTAMPTZ.exec(text) ?? [];
  if (date === undefined || time === undefined || hours === undefined) return text;
  if (hours === '+00' && minutes === ':00') return `${date}T${time}${fraction}Z`;
  const seconds = new Date(`${date}T${time}${hours}${minutes}`).toISOString().slice(0, 19);
  return `${seconds}${fraction}Z`;
}

/** PostgreSQL's array text, `{a,"b \"c\"",NULL,{nested}}`; a lower bound such as `[0:1]=` is dropped. */
export function parseArray(text: string, parse: Parser): unknown[] {
  const tokens = text.slice(text.indexOf('{')).match(/[{}]|"(?:[^"\\]|\\.)*"|[^{},"]+/gs) ?? [];
  const levels: unknown[][] = [];
  for (const token of tokens) {
    if (token === '{') levels.push([]);
    else if (token === '}') {
      const closed = levels.pop() ?? [];
      const outer = levels.at(-1);
      if (outer === undefined) return closed;
      outer.push(closed);
    } else {
      levels.at(-1)?.push(parseElement(token, parse));
    }
  }
  return [];
}

function parseElement(token: string, parse: Parser): unknown {
  if (token.startsWith('"')) return parse(token.slice(1, -1).replace(/\\(.)/gs, '$1'));
  return token === 'NULL' ? null : parse(token);
}
