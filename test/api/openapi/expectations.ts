import { expect } from 'vitest';
import * as z from 'zod';
import { violations } from './document.ts';
import type { Given, Request } from './requests.ts';
import type { Exchange } from './routers.ts';

const problem = z.object({
  code: z.string().optional(),
  problems: z
    .array(z.object({ field: z.string(), value: z.json().optional(), rule: z.string().min(1) }))
    .default([]),
});
export type Problem = z.infer<typeof problem>;

/** A path that is another one once its segments are decoded. */
const NO_SUCH_ROUTE = 'NO_SUCH_ROUTE';

/** What holds for every answer: a documented status, and a body that is what the document says of it. */
export function expectDocumented({ operation }: Request, { result }: Exchange): Problem {
  const status = String(result.statusCode);
  const type = String(result.headers?.['content-type'] ?? '').split(';')[0] ?? '';
  const body = type.includes('json') ? JSON.parse(result.body ?? '') : result.body;
  const read = type === 'application/problem+json' ? problem.parse(body) : { problems: [] };
  if (read.code === NO_SUCH_ROUTE) {
    expect(operation.path).toContain('{');
    return read;
  }
  expect(Number(status), result.body?.slice(0, 500)).toBeLessThan(500);
  const documented = operation.responses[status];
  expect(documented, `${operation.id} answered ${status}: ${result.body?.slice(0, 500)}`).toBeDefined();
  if (status === '304') return read;
  const schema = documented?.content[type]?.schema;
  expect(schema, `${operation.id} answered ${status} as ${type}`).toBeDefined();
  expect(violations(schema ?? {}, body)).toEqual([]);
  if (Number(status) >= 400) expect(type).toBe('application/problem+json');
  return read;
}

/** The others are of the body: its type, its keys, the keys of a job's input. */
const OF_PARAMETERS = /^(query|path|header)\.(?!content-type$)/;

/** Of two parameters, each allowed by itself: a range that is backwards. */
const OF_TWO = /^must not be before \w+, /;

/** Every 400 names what was wrong, with its value, and nothing that was right. */
export function expectNamed(request: Request, { event, result }: Exchange, { problems }: Problem): void {
  if (result.statusCode !== 400 || request.repeated !== undefined) return;
  for (const { field, value } of problems.filter(({ rule }) => !OF_TWO.test(rule))) {
    const sent = sentAs(request, field);
    if (sent !== undefined)
      expect(sent.verdict, `${field} was refused: ${JSON.stringify(sent.text)}`).not.toBe('valid');
    else if (OF_PARAMETERS.test(field)) expect(request.missing).toContain(field);
    if (field.startsWith('query.')) {
      expect(value).toBe(event.queryStringParameters?.[field.slice('query.'.length)]);
    }
  }
}

/** What the document forbids is refused, each part of it by name; what it allows is not. */
export function expectHeld(
  request: Request,
  { result }: Exchange,
  { code, problems }: Problem,
  bodyIsGood = true,
): void {
  const status = result.statusCode;
  if (code === NO_SUCH_ROUTE) return;
  if (request.repeated !== undefined) {
    expect(problems.map(({ field }) => field)).toContain(`query.${request.repeated}`);
    return;
  }
  const wrong = [
    ...request.given.filter(({ verdict }) => verdict === 'invalid').map(({ field }) => field),
    ...request.missing,
  ];
  if (wrong.length === 0) {
    const allowed = bodyIsGood && request.given.every(({ verdict }) => verdict === 'valid');
    if (allowed && !problems.some(({ rule }) => OF_TWO.test(rule)))
      expect(status, JSON.stringify(problems)).not.toBe(400);
    return;
  }
  expect([status, problems.map(({ field }) => field)]).toEqual([400, expect.arrayContaining(wrong)]);
}

function sentAs({ given }: Request, name: string): Given | undefined {
  return given.find(({ field }) => field === name);
}
