import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { handler, openapi } from '../../../functions/api/openapi.ts';
import { apis } from '../../../infra/openapi/apis.ts';
import { DOCUMENT_FILE, openApiDocument } from '../../../infra/openapi/document.ts';
import { project } from '../../support/docs.ts';
import { httpEvent } from '../../support/http.ts';
import type { Parameter, Schema } from './document.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')));
const generated = `${JSON.stringify(openApiDocument(await apis(), version), null, 2)}\n`;

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(join(project, DOCUMENT_FILE), generated);
const { operations, served, violations } = await import('./document.ts');

test('the file is what the endpoints say now (`UPDATE_DOCS=1 npx vitest run test/api/openapi/document.test.ts` writes it)', () => {
  expect(readFileSync(join(project, DOCUMENT_FILE), 'utf8')).toBe(generated);
});

test('it is an OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(generated));
  expect(errors).toBeUndefined();
  expect([valid, validator.version]).toEqual([true, '3.1']);
});

describe.each(operations)('$method $path', ({ id, method, path, parameters, body, responses }) => {
  test('has an id of its own and says what it does', () => {
    expect(operations.filter((other) => other.id === id)).toHaveLength(1);
  });

  test('describes and bounds every parameter', () => {
    const names = parameters.map((each) => `${each.in} ${each.name}`);
    expect(names).toEqual([...new Set(names)]);
    expect(parameters.filter(({ description = '' }) => description.length < 10)).toEqual([]);
    expect(parameters.filter(({ schema }) => !bounded(schema))).toEqual([]);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((each) => each.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    expect(declared.every(({ required }) => required)).toBe(true);
  });

  test('has defaults and examples that its own schemas allow', () => {
    for (const { name, schema, example } of parameters) {
      const given = [schema['default'], example].filter((value) => value !== undefined);
      for (const value of given) expect(violations(schema, value), name).toEqual([]);
    }
    if (body !== undefined) {
      expect(body.example).toBeDefined();
      expect(violations(body.schema, body.example)).toEqual([]);
    }
    for (const [status, { content }] of Object.entries(responses)) {
      for (const { schema, example } of Object.values(content)) {
        if (example !== undefined) expect(violations(schema, example), status).toEqual([]);
      }
    }
  });

  test('says what it answers, and has its problems', () => {
    const statuses = Object.keys(responses);
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']));
    expect(statuses.includes('304')).toBe(method === 'GET');
    expect(statuses.filter((status) => /^2/.test(status))).toHaveLength(1);
    expect(statuses.includes('413') || body === undefined).toBe(true);
    // A path that names a thing can name one that is not there.
    expect(statuses.includes('404') || !path.includes('{')).toBe(true);
    for (const [status, { description, content }] of Object.entries(responses)) {
      expect(description, status).not.toBe('');
      if (status.startsWith('2')) expect(Object.keys(content), status).not.toEqual([]);
      if (/^[45]/.test(status)) expect(Object.keys(content), status).not.toEqual([]);
    }
  });

  test('answers with objects that have no other keys', () => {
    const [answer] = Object.entries(responses).flatMap(([status, { content }]) =>
      status.startsWith('2') ? (content['application/json'] ?? []) : [],
    );
    // The document itself is OpenAPI's to describe.
    if (answer === undefined || path === openapi.route) return;
    expect(violations(answer.schema, { unheard_of: true }).join()).toContain('must NOT have additional');
  });
});

/** No text, number or list of any size. */
function bounded(schema: Schema): boolean {
  if ('enum' in schema || 'const' in schema || schema['type'] === 'boolean') return true;
  if (schema['type'] === 'integer' || schema['type'] === 'number') {
    return 'minimum' in schema && 'maximum' in schema;
  }
  if (schema['type'] !== 'string') return false;
  const { maxLength, format = '', pattern } = schema;
  return (
    typeof maxLength === 'number' ||
    ['date', 'uuid'].includes(String(format)) ||
    (typeof pattern === 'string' && finite(pattern))
  );
}

/** Whole, and without repetition of no known end. */
function finite(pattern: string): boolean {
  return /^\^.*\$$/s.test(pattern) && !/[*+]|\{\d+,\}/.test(pattern.replace(/\\.|\[(?:\\.|[^\]])*\]/g, 'x'));
}

describe('what counts as bounded', () => {
  const parameter = (schema: Parameter['schema']) => bounded(schema);

  test.each([
    [{ type: 'string', maxLength: 5 }, true],
    [{ type: 'string' }, false],
    [{ type: 'string', pattern: '^[\\w-]{1,64}$' }, true],
    [{ type: 'string', pattern: '^[+*]$' }, true],
    [{ type: 'string', pattern: '^\\d+$' }, false],
    [{ type: 'string', pattern: '^a{2,}$' }, false],
    [{ type: 'string', pattern: 'abc' }, false],
    [{ type: 'integer', minimum: 1 }, false],
    [{ type: 'integer', minimum: 1, maximum: 2 }, true],
    [{ type: 'array' }, false],
    [{}, false],
  ])('%j: %s', (schema, expected) => {
    expect(parameter(schema)).toBe(expected);
  });
});

describe('GET /openapi.json', () => {
  const context = z.custom<Parameters<typeof handler>[1]>().parse({});

  test('answers the document, without a database', async () => {
    const { statusCode, headers, body } = await handler(httpEvent(openapi, {}), context);
    expect([statusCode, JSON.parse(body ?? '')]).toEqual([200, served]);
    expect(headers?.['content-type']).toBe('application/json; charset=utf-8');
  });

  test('answers 304 to who has it, and 400 to who asks for more', async () => {
    const { headers } = await handler(httpEvent(openapi, {}), context);
    const etag = String(headers?.['etag']);
    const again = await handler(httpEvent(openapi, { headers: { 'if-none-match': etag } }), context);
    expect([again.statusCode, again.body]).toEqual([304, undefined]);
    const refused = await handler(httpEvent(openapi, { query: { version: '2' } }), context);
    expect(refused.statusCode).toBe(400);
  });
});
