import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cursor, cursorOf, keyText } from '../../functions/core/cursor.ts';
import { calendarDate } from '../../functions/core/dates.ts';
import {
  type Endpoint,
  endpoint,
  flag,
  type HttpEvent,
  noParameters,
  ok,
  word,
} from '../../functions/core/http.ts';
import { MAX_BODY_BYTES } from '../../functions/core/http-body.ts';
import { createLog } from '../../functions/core/log.ts';
import { requestEvent } from '../../infra/local/http/event.ts';
import { httpEvent } from '../support/http.ts';

/** The gate before every endpoint. Each of these was let through, or answered with a 500, before it was refused. */

const shape = { route: '/x', summary: 'x', path: noParameters } as const;
const echo: Endpoint<undefined> = endpoint({
  ...shape,
  method: 'POST',
  query: z.strictObject({ flag: flag().optional(), word: word(5).optional() }),
  headers: z.strictObject({ 'x-key': z.string('is required') }),
  body: z.union(
    [z.strictObject({ a: z.int() }), z.strictObject({ b: z.string(), c: z.string() })],
    'must be a or b',
  ),
  answer: z.json(),
  run: async ({ event, body, query, headers }) => ok(event, { body, query, headers }),
});

const headers = { 'content-type': 'application/json', 'x-key': 'k' };
async function send(of: Endpoint<undefined>, event: HttpEvent) {
  const log = createLog({ write: () => {} });
  const { statusCode, body = '{}' } = await of.handle(event, { environment: undefined, log });
  return { status: statusCode, body: JSON.parse(body) };
}
const post = (body: string, more: Partial<HttpEvent> = {}) =>
  send(echo, { ...httpEvent(echo, { body, headers }), ...more });
const refused = (field: string, value: unknown, rule: unknown = expect.any(String)) => ({
  status: 400,
  body: { problems: [{ field, ...(value === undefined ? {} : { value }), rule }] },
});

describe('a body', () => {
  test('that is allowed comes through, also as base64', async () => {
    const taken = { status: 200, body: { body: { a: 1 }, headers: { 'x-key': 'k' } } };
    expect(await post('{"a":1}')).toMatchObject(taken);
    const encoded = Buffer.from('{"a":1}').toString('base64');
    expect(await post(encoded, { isBase64Encoded: true })).toMatchObject(taken);
  });

  test.each([
    ['no JSON', '{', 'must be JSON'],
    ['nothing', '', 'must be JSON'],
    ['too deep', `${'['.repeat(40)}${']'.repeat(40)}`, 'must not be nested deeper than 32 levels'],
    ['a NUL character', '{"a":"\\u0000"}', 'must not hold NUL characters or halves of surrogate pairs'],
    [
      'a NUL character in a key',
      '{"\\u0000":1}',
      'must not hold NUL characters or halves of surrogate pairs',
    ],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'must not hold NUL characters or halves of surrogate pairs'],
    ['neither branch', '[]', 'must be a or b'],
  ])('of %s is refused', async (_what, body, rule) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { problems: [{ field: 'body', rule }] } });
  });

  test('of a union is refused by what is wrong with the branch that was meant', async () => {
    expect(await post('{"a":"x"}')).toMatchObject(refused('body.a', 'x'));
    expect(await post('{"b":"x"}')).toMatchObject(refused('body.c', undefined));
    expect(await post('{"a":1,"d":2}')).toMatchObject(refused('body.d', 2, 'is not a known key'));
  });

  test('one byte too large is a 413 that names it', async () => {
    const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    expect((await post(text(MAX_BODY_BYTES))).status).toBe(400);
    expect(await post(text(MAX_BODY_BYTES + 1))).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE', problems: [{ field: 'body', rule: expect.stringContaining('65536') }] },
    });
  });

  test('of another type is refused, and so is any where none is taken', async () => {
    const event = httpEvent(echo, { body: '{"a":1}', headers: { ...headers, 'content-type': 'text/plain' } });
    expect(await send(echo, event)).toMatchObject(refused('header.content-type', 'text/plain'));
    const none: Endpoint<undefined> = endpoint({
      ...shape,
      method: 'POST',
      query: noParameters,
      answer: z.json(),
      run: async ({ event: given }) => ok(given, {}),
    });
    expect((await send(none, httpEvent(none, { body: '{}' }))).status).toBe(200);
    expect(await send(none, httpEvent(none, { body: '[]' }))).toMatchObject(
      refused('body', '[]', 'must be empty'),
    );
  });
});

describe('a query', () => {
  const target = (text: string) => {
    const request = {
      method: 'POST',
      url: new URL(`http://localhost/x?${text}`),
      headers,
      body: Buffer.from('{"a":1}'),
      remoteAddress: '127.0.0.1',
    };
    const route = { routeKey: 'POST /x', target: undefined, pathParameters: {} };
    return send(echo, JSON.parse(requestEvent(request, route, 'api', 0, undefined)));
  };

  test.each([
    ['a name given twice', 'word=a&word=b', refused('query.word', 'a,b', 'must be given once')],
    ['a name that objects have anyway', '__proto__=1', refused('query.__proto__', '1', 'is not a known key')],
    ['another of those', 'constructor=1', refused('query.constructor', '1', 'is not a known key')],
    ['the empty name', '=1', refused('query.', '1', 'is not a known key')],
    ['a NUL character', 'word=a%00b', refused('query.word', 'a\0b', 'must not hold a NUL character')],
    ['a text too long', 'word=abcdef', refused('query.word', 'abcdef')],
  ])('with %s is refused', async (_what, text, expected) => {
    expect(await target(text)).toMatchObject(expected);
  });

  test('with a comma in a text is taken', async () => {
    expect(await target('word=a,b&flag=true')).toMatchObject({
      body: { query: { word: 'a,b', flag: true } },
    });
  });

  test('is refused together with what is wrong elsewhere', async () => {
    const event = httpEvent(echo, {
      query: { flag: 'yes' },
      body: '[',
      headers: { 'content-type': 'application/json' },
    });
    const { body } = await send(echo, event);
    expect(z.object({ problems: z.array(z.object({ field: z.string() })) }).parse(body).problems).toEqual(
      ['query.flag', 'header.x-key', 'body'].map((field) => expect.objectContaining({ field })),
    );
  });
});

describe('what PostgreSQL has not', () => {
  test('is no date', () => {
    expect(calendarDate.safeParse('0000-01-01').success).toBe(false);
    expect(calendarDate.safeParse('0001-01-01').success).toBe(true);
  });

  test.each([[['0000-01-01', 1, 'x']], [['2026-01-13', 2_147_483_648, 'x']], [['2026-01-13', 1, 'a\0b']]])(
    'is no cursor: %j',
    (key) => {
      const schema = cursor(z.tuple([calendarDate, z.int32(), keyText]));
      expect(schema.safeParse(cursorOf(['2026-01-13', 1, 'x'])).success).toBe(true);
      expect(schema.safeParse(cursorOf(key)).success).toBe(false);
    },
  );
});
