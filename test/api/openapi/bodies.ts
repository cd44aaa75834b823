/** Bodies for an operation, from its schema in the document: good ones, and ones that somebody might try. */
import fc from 'fast-check';
import * as z from 'zod';
import { type Operation, type Schema, violations } from './document.ts';

export interface Body {
  readonly type: string;
  readonly bytes: Buffer;
  /** Whether the document allows it. */
  readonly good: boolean;
}

const node = z.looseObject({
  anyOf: z.array(z.record(z.string(), z.json())).optional(),
  properties: z.record(z.string(), z.record(z.string(), z.json())).optional(),
  required: z.array(z.string()).default([]),
});

const JSON_TYPE = 'application/json';

export function bodiesTo(operation: Operation): fc.Arbitrary<Body> {
  if (operation.files.length > 0) return filesTo(operation);
  const { body } = operation;
  if (body === undefined) return noBodies;
  const sent = (text: string, type = JSON_TYPE, good = true): Body => {
    const bytes = Buffer.from(text);
    return { type, bytes, good: good && type.startsWith(JSON_TYPE) && allows(body.schema, bytes.toString()) };
  };
  const values = fc.oneof(fc.constant(body.example), valuesOf(body.schema), spoilt(valuesOf(body.schema)));
  return fc.oneof(
    { weight: 6, arbitrary: values.map((value) => sent(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.json().map((text) => sent(text)) },
    { weight: 2, arbitrary: fc.constantFrom(...MALFORMED).map((text) => sent(text, JSON_TYPE, false)) },
    { weight: 1, arbitrary: types.map((type) => sent(JSON.stringify(body.example), type)) },
  );
}

const noBodies = fc.oneof(
  fc.constantFrom('', '{}', ' ').map((text) => ({ type: JSON_TYPE, bytes: Buffer.from(text), good: true })),
  fc
    .constantFrom('x', '[]', '{"a":1}', 'null', 'x'.repeat(100_000))
    .map((text) => ({ type: JSON_TYPE, bytes: Buffer.from(text), good: false })),
);

/** What a file must hold no schema says: anything may be refused, and nothing may be a fault of ours. */
function filesTo({ files }: Operation): fc.Arbitrary<Body> {
  return fc
    .tuple(fc.constantFrom(...files, JSON_TYPE, ''), fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string()))
    .map(([type, content]) => ({ type, bytes: Buffer.from(content), good: true }));
}

const types = fc.constantFrom(
  '',
  'text/plain',
  'application/jsonx',
  'application/json; charset=utf-8',
  'multipart/form-data',
);

const MALFORMED = [
  '',
  '{',
  '{"a":1,}',
  "{'a':1}",
  'undefined',
  '\ufeff{}',
  '{"a":"\\u0000"}',
  '{"a":"\\ud800"}',
  '{"\\u0000":1}',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `{"input":${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}}`,
  JSON.stringify({ input: 'x'.repeat(70_000) }),
];

function allows(schema: Schema, text: string): boolean {
  try {
    return violations(schema, JSON.parse(text)).length === 0;
  } catch {
    return false;
  }
}

function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const { anyOf, properties, required } = node.parse(schema);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(valuesOf));
  if (properties !== undefined) {
    const each = Object.entries(properties).map(([name, inner]) => [name, valuesOf(inner)] as const);
    return fc.record(Object.fromEntries(each), { requiredKeys: required });
  }
  const { type, format, minimum = -1000, maximum = 1000 } = schema;
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer({ min: Number(minimum), max: Number(maximum) });
  if (format === 'date')
    return fc.constantFrom('2026-01-13', '2025-12-31', '2024-02-29', '0001-01-01', '9999-12-31');
  if (type === 'object')
    return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  return fc.oneof(fc.constantFrom('cabinet.validation', 'cabinet-daily', 'cabinet.mv-refresh'), fc.string());
}

/** One key more, or another value under one of them. */
function spoilt(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const key = fc.constantFrom(
    'job',
    'pipeline',
    'input',
    'asOf',
    'dryRun',
    '__proto__',
    'constructor',
    '',
    'when',
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom("'; drop schema ops cascade; --", '=1+1', '2026-02-30', 1e308, '👤', 'x'.repeat(200)),
  );
  return fc
    .tuple(values, key, value)
    .map(([whole, name, other]) =>
      typeof whole === 'object' && whole !== null
        ? Object.fromEntries([...Object.entries(whole), [name, other]])
        : other,
    );
}
