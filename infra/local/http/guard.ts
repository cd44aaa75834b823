import { type Answer, isForeign, type Request } from '../server.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * An API that is open on loopback must not be open to the web pages that the user visits: they can reach 127.0.0.1
 * too. They cannot do so under a local name, nor send JSON or CSV without asking first, which is never granted. A form
 * they could send, but not without saying whose page it is on.
 */
export function refuseForeign(request: Request): Answer | undefined {
  if (isForeign(request)) {
    return problem(
      403,
      'not-local',
      'Only this machine may call: use a local host name and no foreign origin.',
    );
  }
  const contentType = request.headers['content-type'] ?? '';
  const writes = !READS.has(request.method);
  if (writes && !/^(application\/([\w.+-]+\+)?json|text\/csv|multipart\/form-data)\b/i.test(contentType)) {
    return problem(
      415,
      'not-json',
      'Send JSON with content-type: application/json, or a file as text/csv or multipart/form-data.',
    );
  }
  return undefined;
}

export function problem(status: number, type: string, detail: string): Answer {
  const titles: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    415: 'Unsupported Media Type',
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: `urn:cuadre:problem:${type}`, title: titles[status], status, detail }),
  };
}
