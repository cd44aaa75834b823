import { BodyTooLargeError, InputError } from './errors.ts';
import type { HttpEvent } from './http-answer.ts';

/** Far more than any request of ours says, far less than what the gateway lets through (10 MB). */
export const MAX_BODY_BYTES = 65_536;

/** Deeper than anything we take, shallower than what exhausts the stack of those who walk it. */
const MAX_DEPTH = 32;

/**
 * The JSON that a request carries.
 * @throws InputError when it is no JSON, or not such as PostgreSQL can hold; BodyTooLargeError
 */
export function readJson(event: HttpEvent): unknown {
  const type = event.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new InputError([{ field: 'header.content-type', value: type, rule: 'must be application/json' }]);
  }
  const text = bodyText(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BODY_BYTES) {
    const rule = `must be at most ${MAX_BODY_BYTES} bytes and has ${bytes}`;
    throw new BodyTooLargeError({ field: 'body', value: beginning(text), rule });
  }
  return checked(text);
}

/** For an endpoint that takes none. */
export function refuseBody(event: HttpEvent): void {
  const text = bodyText(event).trim();
  if (text === '' || text === '{}') return;
  throw new InputError([{ field: 'body', value: beginning(text), rule: 'must be empty' }]);
}

function bodyText({ body = '', isBase64Encoded }: HttpEvent): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

function checked(text: string): unknown {
  const refused = (rule: string) => new InputError([{ field: 'body', value: beginning(text), rule }]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('must be JSON');
  }
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw refused(`must not be nested deeper than ${MAX_DEPTH} levels`);
    if (level.some(unstorable)) throw refused('must not hold NUL characters or halves of surrogate pairs');
    level = level.flatMap(inside);
  }
  return value;
}

function unstorable(value: unknown): boolean {
  return typeof value === 'string' && (value.includes('\0') || !value.isWellFormed());
}

/** Elements; or keys and values. */
function inside(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.entries(value).flat() : [];
}

function beginning(text: string): string {
  return text.slice(0, 200);
}
