import { createHash } from 'node:crypto';
import { cacheHeaders, etagOf, type HttpEvent, type HttpResult, notModified } from '../../core/http.ts';
import { page } from './page.ts';
import type { Document } from './report.ts';
import { STYLE } from './style.ts';

/** Nothing is loaded, run or framed: all that the page may do is look as its own style says. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** 200 with the page, or 304 when the caller has it already. */
export function pageResult(event: HttpEvent, found: Document): HttpResult {
  const body = page(found);
  const etag = etagOf(body);
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...cacheHeaders(etag),
  };
  return notModified(event, etag) ?? { statusCode: 200, headers, body };
}
