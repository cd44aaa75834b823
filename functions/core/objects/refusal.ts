import { type CuadreError, NotFoundError, PermanentError, RetryableError } from '../errors.ts';

/** Errors that S3 gives with a 4xx and that another attempt may cure all the same. */
const RETRYABLE_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
]);

/** Copying and completing answer 200 at once, and may put an error into the body when they know better. */
export function refusalIn(what: string, text: string): CuadreError | undefined {
  return text.includes('<Error>') ? refusal(what, 200, text) : undefined;
}

/** Why S3 did not do it, as the error that says what may be done next. */
export function refusal(what: string, status: number, text: string): CuadreError {
  const code = elementOf(text, 'Code') ?? `HTTP ${status}`;
  const message = `${what}: ${[code, elementOf(text, 'Message')].filter(Boolean).join(', ')}`;
  if (status >= 500 || status === 429 || status === 408 || RETRYABLE_CODES.has(code)) {
    return new RetryableError(message, { code: 'OBJECT_STORE' });
  }
  if (status === 404 && code !== 'NoSuchBucket')
    return new NotFoundError(message, { code: 'NO_SUCH_OBJECT' });
  return new PermanentError(message, { code: 'OBJECT_STORE_REFUSED' });
}

/** The text of the first such element: S3's answers are flat where they are read here. */
export function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
