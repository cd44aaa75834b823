import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { signHeaders } from '../../../functions/core/aws-signer.ts';
import { localCredentials } from '../../../infra/local/lambda/variables.ts';
import type { Stack } from '../../../infra/local/stack.ts';
import { att, ref } from './support/app.ts';
import { runApp } from './support/stack.ts';

const echo = `export const handler = async (event) => event;`;

/** An API with these routes, all of them to the function of the name that follows. */
function api(routes: Readonly<Record<string, string>>, route: object = {}) {
  const functions = [...new Set(Object.values(routes))];
  return {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: ref('Api'), StageName: '$default', AutoDeploy: true },
    },
    ...Object.fromEntries(
      functions.flatMap((name) => [
        [
          `${name}Integration`,
          {
            Type: 'AWS::ApiGatewayV2::Integration',
            Properties: {
              ApiId: ref('Api'),
              IntegrationType: 'AWS_PROXY',
              IntegrationUri: att(name, 'Arn'),
              PayloadFormatVersion: '2.0',
            },
          },
        ],
        [
          `${name}Permission`,
          {
            Type: 'AWS::Lambda::Permission',
            Properties: {
              Action: 'lambda:InvokeFunction',
              FunctionName: ref(name),
              Principal: 'apigateway.amazonaws.com',
            },
          },
        ],
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(routes).map(([RouteKey, name], index) => [
        `Route${index}`,
        {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: ref('Api'),
            RouteKey,
            Target: { 'Fn::Join': ['/', ['integrations', ref(`${name}Integration`)]] },
            ...route,
          },
        },
      ]),
    ),
  };
}

const runEcho = (routes: Readonly<Record<string, string>>, functions = { echo }) =>
  runApp({ functions, resources: api(routes) });

const urlOf = (stack: Stack, path: string) => new URL(path, stack.urls.api);

describe('a request', () => {
  test('reaches the function as payload 2.0', async () => {
    const stack = await runEcho({ 'GET /runs/{id}/decisions': 'echo' });
    const response = await fetch(urlOf(stack, '/runs/a%20b/decisions?reason=X&reason=Y&limit=5'), {
      headers: { 'X-Extra': 'Yes', cookie: 'a=1; b=2' },
    });
    const { host } = new URL(stack.urls.api ?? '');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'GET /runs/{id}/decisions',
      rawPath: '/runs/a b/decisions',
      rawQueryString: 'reason=X&reason=Y&limit=5',
      cookies: ['a=1', 'b=2'],
      headers: { host, 'x-extra': 'Yes' },
      queryStringParameters: { reason: 'X,Y', limit: '5' },
      pathParameters: { id: 'a b' },
      requestContext: {
        accountId: '000000000000',
        domainName: host,
        http: { method: 'GET', path: '/runs/a b/decisions', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        routeKey: 'GET /runs/{id}/decisions',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
      isBase64Encoded: false,
    });
  });

  test('is not answered before the triggers have run', async () => {
    const first = `
      export const handler = async () => {
        const { status } = await fetch(process.env.API + '/x');
        if (status !== 503) throw new Error('answered with ' + status);
      };`;
    const stack = await runApp({
      functions: { echo, first },
      functionProperties: { first: { Environment: { Variables: { API: att('Api', 'ApiEndpoint') } } } },
      resources: {
        ...api({ 'GET /x': 'echo' }),
        Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('first') } },
        Trigger: {
          Type: 'Custom::Trigger',
          Properties: { ServiceToken: 'arn:provider', HandlerArn: ref('Version') },
        },
      },
    });
    expect((await fetch(urlOf(stack, '/x'))).status).toBe(200);
  });

  test('goes to the most specific route', async () => {
    const named = (name: string) =>
      `export const handler = async ({ pathParameters }) => ({ name: '${name}', pathParameters });`;
    const names = ['exact', 'parameter', 'greedy', 'any', 'fallback'] as const;
    const stack = await runApp({
      functions: Object.fromEntries(names.map((name) => [name, named(name)])),
      resources: api({
        $default: 'fallback',
        'ANY /runs/{id}': 'any',
        'GET /runs/{proxy+}': 'greedy',
        'GET /runs/{id}': 'parameter',
        'GET /runs/latest': 'exact',
      }),
    });
    const get = async (path: string, init?: RequestInit) => (await fetch(urlOf(stack, path), init)).json();
    expect(await get('/runs/latest')).toEqual({ name: 'exact' });
    expect(await get('/runs/7')).toEqual({ name: 'parameter', pathParameters: { id: '7' } });
    expect(await get('/runs/7/decisions')).toEqual({
      name: 'greedy',
      pathParameters: { proxy: '7/decisions' },
    });
    expect(
      await get('/runs/7', { method: 'DELETE', headers: { 'content-type': 'application/json' } }),
    ).toEqual({
      name: 'any',
      pathParameters: { id: '7' },
    });
    expect(await get('/elsewhere')).toEqual({ name: 'fallback' });
  });

  test('without a route is not found, as API Gateway says it', async () => {
    const stack = await runEcho({ 'GET /runs': 'echo' });
    for (const path of ['/', '/runs/', '/runs/1', '/run']) {
      const response = await fetch(urlOf(stack, path));
      expect([path, response.status, await response.text()]).toEqual([path, 404, '{"message":"Not Found"}']);
    }
  });

  test('of more than 6 MB for the function, or 10 MB at all, is refused', async () => {
    const stack = await runEcho({ 'POST /runs': 'echo' });
    for (const size of [6_300_000, 10_500_000]) {
      const body = JSON.stringify('x'.repeat(size));
      const response = await fetch(urlOf(stack, '/runs'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(response.status).toBe(413);
    }
  });
});

describe("a function's answer", () => {
  test('sets status, headers, cookies and body', async () => {
    const stack = await runEcho(
      { $default: 'echo' },
      {
        echo: `export const handler = async () => ({
          statusCode: 201, headers: { ETag: '"x"', 'Content-Type': 'text/csv' }, cookies: ['a=1', 'b=2'],
          body: Buffer.from('café').toString('base64'), isBase64Encoded: true });`,
      },
    );
    const response = await fetch(urlOf(stack, '/'));
    expect(response.status).toBe(201);
    expect(response.headers.get('etag')).toBe('"x"');
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('café');
  });

  test.each([
    [
      'throws',
      `export const handler = async () => { throw new Error('secret'); };`,
      500,
      'Internal Server Error',
    ],
    [
      'has no valid status',
      `export const handler = async () => ({ statusCode: 'ok' });`,
      500,
      'Internal Server Error',
    ],
    [
      'comes too late',
      `export const handler = () => new Promise(() => setTimeout(() => {}, 60_000));`,
      503,
      'Service Unavailable',
    ],
  ])('that %s becomes %3$s', async (_name, source, status, message) => {
    const resources = api({ $default: 'echo' });
    const integration = resources['echoIntegration'];
    const stack = await runApp({
      functions: { echo: source },
      resources: {
        ...resources,
        echoIntegration: {
          ...integration,
          Properties: { ...Object(integration).Properties, TimeoutInMillis: status === 503 ? 200 : 10_000 },
        },
      },
    });
    const response = await fetch(urlOf(stack, '/'));
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message });
  });
});

/** With any headers, also those that fetch does not let one set. */
function raw(stack: Stack, headers: Record<string, string>, method = 'GET', body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(urlOf(stack, '/runs'), { method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('on loopback', () => {
  test('web pages cannot call: neither under another host name nor from another origin, nor by a form', async () => {
    const stack = await runEcho({ $default: 'echo' });
    const json = { 'content-type': 'application/json' };
    expect(await raw(stack, {})).toBe(200);
    expect(await raw(stack, { host: 'localhost:80' })).toBe(200);
    expect(await raw(stack, { host: 'rebound.example' })).toBe(403);
    expect(await raw(stack, { origin: 'https://evil.example' })).toBe(403);
    expect(await raw(stack, { origin: 'null' })).toBe(403);
    expect(await raw(stack, { origin: 'http://localhost:3000' })).toBe(200);
    expect(await raw(stack, json, 'POST', '{}')).toBe(200);
    expect(await raw(stack, { ...json, host: 'rebound.example' }, 'POST', '{}')).toBe(403);
    expect(await raw(stack, { 'content-type': 'text/plain' }, 'POST', '{}')).toBe(415);
    expect(await raw(stack, {}, 'POST', '{}')).toBe(415);
    expect(await raw(stack, { 'content-type': 'application/x-www-form-urlencoded' }, 'POST', 'a=1')).toBe(
      415,
    );
  });

  test('a refusal is a problem document', async () => {
    const stack = await runEcho({ $default: 'echo' });
    const response = await fetch(urlOf(stack, '/runs'), { method: 'POST', body: 'x' });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 415, title: 'Unsupported Media Type' });
  });
});

describe('with authentication', () => {
  const secured = (authorization: object) =>
    runApp({ functions: { echo }, resources: api({ 'GET /': 'echo' }, authorization) }, { auth: true });

  test('a route with IAM authorization wants a signature of this machine', async () => {
    const stack = await secured({ AuthorizationType: 'AWS_IAM' });
    const url = urlOf(stack, '/?limit=5&as_of=2026-01-13');
    const sign = (secretAccessKey: string) =>
      signHeaders(
        { method: 'GET', host: url.host, query: [...url.searchParams], headers: {}, body: '' },
        {
          service: 'execute-api',
          region: 'us-east-1',
          credentials: { ...localCredentials, secretAccessKey },
          now: new Date(),
        },
      );
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(url, { headers: sign('wrong') })).status).toBe(403);
    const answered = await fetch(url, { headers: sign(localCredentials.secretAccessKey) });
    expect(answered.status).toBe(200);
    expect(await answered.json()).toMatchObject({
      requestContext: { authorizer: { iam: { accessKey: 'local', accountId: '000000000000' } } },
    });
    const other = new URL('/?limit=6', url);
    expect((await fetch(other, { headers: sign(localCredentials.secretAccessKey) })).status).toBe(403);
  });

  test('a JWT authorizer is refused by name', async () => {
    await expect(secured({ AuthorizationType: 'JWT' })).rejects.toThrow(
      'app/Route0: a JWT authorizer is not played here',
    );
  });
});
