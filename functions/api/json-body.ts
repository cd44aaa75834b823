import type * as z from 'zod';
import { InputError } from '../core/errors.ts';
import type { HttpEvent } from '../core/http.ts';
import { parse } from '../core/input.ts';

/** The request's body as JSON of that shape. */
export function jsonBody<S extends z.ZodType>(event: HttpEvent, schema: S): z.output<S> {
  const type = event.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new InputError([{ field: 'header.content-type', value: type, rule: 'must be application/json' }]);
  }
  const text = event.isBase64Encoded
    ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
    : (event.body ?? '');
  return parse(schema, parseJson(text), 'body');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError([{ field: 'body', value: text.slice(0, 200), rule: 'must be JSON' }]);
  }
}
