import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { Context } from 'aws-lambda';
import type { HttpEvent, HttpResult } from '../../../functions/core/http.ts';

/**
 * The least that stands between HTTP and a Lambda handler: the event that an HTTP API would hand over (payload 2.0), and
 * the result written out. Product and bare server are both behind it, so that it weighs on both alike.
 * @returns the port, on 127.0.0.1
 */
export async function listen(answer: (event: HttpEvent) => Promise<HttpResult>): Promise<number> {
  const server = createServer((request, response) => {
    answer(eventOf(request.url ?? '/', request.headers))
      .catch((error: unknown): HttpResult => ({ statusCode: 500, body: String(error) }))
      .then(({ statusCode = 200, headers = {}, body = '' }) => {
        const bytes = Buffer.from(body);
        response.writeHead(statusCode, { ...texts(headers), 'content-length': bytes.length });
        response.end(bytes);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

function texts(headers: NonNullable<HttpResult['headers']>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

export function eventOf(path: string, given: IncomingHttpHeaders = {}): HttpEvent {
  const url = new URL(path, 'http://127.0.0.1');
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const query = Object.fromEntries(url.searchParams);
  const now = Date.now();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    queryStringParameters: query,
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName: '127.0.0.1',
      domainPrefix: '127',
      http: {
        method: 'GET',
        path: url.pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'bench',
      },
      requestId: randomBytes(12).toString('base64url'),
      routeKey: '$default',
      stage: '$default',
      time: new Date(now).toUTCString(),
      timeEpoch: now,
    },
  };
}

/** What Lambda says about an invocation; no endpoint asks. */
export const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'bench',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:bench',
  memoryLimitInMB: '1024',
  awsRequestId: 'bench',
  logGroupName: 'bench',
  logStreamName: 'bench',
  getRemainingTimeInMillis: () => 29_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};
