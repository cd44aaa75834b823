import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LoginConfig, passwordFor } from '../../functions/core/credentials.ts';

const config: LoginConfig = {
  DB_HOST: 'db.example',
  DB_PORT: 5432,
  DB_USER: 'cuadre_jobs',
  DB_AUTH: 'secret',
  DB_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:cuadre',
};
const keys = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'akid',
  AWS_SECRET_ACCESS_KEY: 'skid',
  AWS_SESSION_TOKEN: 'st',
};

describe('a secret', () => {
  let server: Server;
  let environment: Record<string, string>;
  let answer: () => { status?: number; body: unknown };
  let asked: { request: IncomingMessage; body: string }[];

  beforeEach(async () => {
    asked = [];
    server = createServer(async (request, response) => {
      asked.push({ request, body: await text(request) });
      const { status = 200, body } = answer();
      response.statusCode = status;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
    environment = { ...keys, AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${address.port}` };
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const secret = (username: string, password: string) => () => ({
    body: { SecretString: JSON.stringify({ username, password, engine: 'postgres' }) },
  });

  test('is read once, with a signed request, and again after a refusal', async () => {
    const password = passwordFor(config, environment);
    answer = secret('cuadre_jobs', 'old');
    expect(await Promise.all([password(false), password(false)])).toEqual([
      { user: 'cuadre_jobs', password: 'old' },
      { user: 'cuadre_jobs', password: 'old' },
    ]);
    answer = secret('cuadre_jobs_clone', 'new');
    expect(await password(false)).toEqual({ user: 'cuadre_jobs', password: 'old' });
    expect(await password(true)).toEqual({ user: 'cuadre_jobs_clone', password: 'new' });
    expect(await password(false)).toEqual({ user: 'cuadre_jobs_clone', password: 'new' });
    expect(asked).toHaveLength(2);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ SecretId: config.DB_SECRET_ARN });
    expect(asked[0]?.request.headers).toMatchObject({
      'x-amz-target': 'secretsmanager.GetSecretValue',
      'x-amz-security-token': 'st',
      'content-type': 'application/x-amz-json-1.1',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=akid\/\d{8}\/us-east-1\/secretsmanager\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
      ),
    });
  });

  test.each([
    {
      status: 400,
      body: { __type: 'com.amazonaws#AccessDeniedException', Message: 'no' },
      error: 'PermanentError',
      says: /AccessDeniedException no$/,
    },
    {
      status: 400,
      body: { __type: 'ThrottlingException', message: 'slow down' },
      error: 'RetryableError',
      says: /ThrottlingException/,
    },
    { status: 503, body: '<html>', error: 'RetryableError', says: /HTTP 503/ },
    { body: 'not JSON', error: 'PermanentError', says: /has not the form .* JSON/ },
    { body: { SecretBinary: 'AAAA' }, error: 'PermanentError', says: /SecretString/ },
    {
      body: { SecretString: '{"username":"u","pass":"hunter2"}' },
      error: 'PermanentError',
      says: /password/,
    },
  ])('an answer of $body is a $error', async ({ error, says, ...reply }) => {
    answer = () => reply;
    const password = passwordFor(config, environment);
    await expect(password(false)).rejects.toMatchObject({
      name: error,
      message: expect.stringMatching(says),
    });
    await expect(password(false)).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
    answer = secret('u', 'p');
    expect(await password(false)).toEqual({ user: 'u', password: 'p' });
  });

  test('a service that cannot be reached is worth another attempt', async () => {
    server.close();
    await once(server, 'close');
    await expect(passwordFor(config, environment)(false)).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'SECRET_UNREACHABLE',
    });
  });

  test('its ARN must be given', () => {
    expect(() => passwordFor({ ...config, DB_SECRET_ARN: undefined }, keys)).toThrow(
      /DB_SECRET_ARN is missing/,
    );
  });
});

describe('an IAM token', () => {
  const iam = { ...config, DB_AUTH: 'iam' } as const;

  test('is signed for the host, the user and the session', async () => {
    const token = await passwordFor(iam, keys)(false);
    expect(token).toMatch(/^db\.example:5432\/\?Action=connect&DBUser=cuadre_jobs&X-Amz-Algorithm=/);
    expect(token).toMatch(
      /&X-Amz-Expires=900&X-Amz-Security-Token=st&X-Amz-SignedHeaders=host&X-Amz-Signature=/,
    );
  });

  test.each(['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('needs %s', async (name) => {
    const { [name]: _, ...rest }: Record<string, string> = keys;
    await expect(passwordFor(iam, rest)(false)).rejects.toThrow(`${name} is missing`);
  });
});
