import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT } from '../assembly/types.ts';
import type { Answer, Request } from '../server.ts';
import type { Matched } from './routes.ts';

export interface Caller {
  readonly accessKey: string;
}

/** The payload of format 2.0 that the function gets for a request. */
export function requestEvent(
  request: Request,
  route: Matched<unknown>,
  apiId: string,
  now: number,
  caller: Caller | undefined,
): string {
  const { cookie, ...headers } = request.headers;
  const query = Object.entries(queryOf(request.url));
  const text = isText(headers['content-type'] ?? '');
  const domainName = headers['host'] ?? '';
  const { url } = request;
  return JSON.stringify({
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: decodePath(url.pathname),
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(query.length === 0 ? {} : { queryStringParameters: Object.fromEntries(query) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      ...(caller === undefined ? {} : { authorizer: { iam: identityOf(caller) } }),
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: request.method,
        path: decodePath(url.pathname),
        protocol: 'HTTP/1.1',
        sourceIp: request.remoteAddress,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomBytes(12).toString('base64url'),
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now,
    },
    ...(Object.keys(route.pathParameters).length === 0 ? {} : { pathParameters: route.pathParameters }),
    ...(request.body.length === 0 ? {} : { body: request.body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !text,
  });
}

/** Several values of one name are joined by commas, as the service does. */
function queryOf(url: URL): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(query);
}

function isText(contentType: string): boolean {
  return (
    contentType === '' ||
    /^(text\/|application\/([\w.+-]*\+)?(json|xml)|application\/(javascript|x-www-form-urlencoded))/.test(
      contentType,
    )
  );
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function identityOf({ accessKey }: Caller): object {
  return {
    accessKey,
    accountId: ACCOUNT,
    callerId: accessKey,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${ACCOUNT}:user/${accessKey}`,
    userId: accessKey,
  };
}

/** 12/Mar/2026:19:03:58 +0000 */
function commonLogTime(now: number): string {
  const [, weekdayless = ''] = new Date(now).toUTCString().split(', ');
  const [day, month, year, time] = weekdayless.split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

const structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/** What the client gets for a function's answer; undefined when the service could not make anything of it. */
export function answerOf(payload: string): Answer | undefined {
  const value: unknown = JSON.parse(payload);
  const shaped = typeof value === 'object' && value !== null && 'statusCode' in value;
  if (!shaped) {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const parsed = structured.safeParse(value);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const lowerCased = Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]),
  );
  return {
    status: statusCode,
    headers: {
      ...(body === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' }),
      ...lowerCased,
      ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
    },
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}
