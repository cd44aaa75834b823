import * as z from 'zod';
import { type AwsContext, awsContext, domainOf, missing } from './aws-context.ts';
import { presign, signHeaders } from './aws-signer.ts';
import type { Login, PasswordSource } from './database.ts';
import { PermanentError, RetryableError } from './errors.ts';

export interface LoginConfig {
  readonly DB_HOST: string;
  readonly DB_PORT: number;
  readonly DB_USER: string;
  readonly DB_AUTH: 'iam' | 'secret';
  readonly DB_SECRET_ARN?: string | undefined;
}

const WHY = 'logging in to the database needs it';

/** RDS accepts a token for 15 minutes, for opening a connection only: an open one outlives it. */
const TOKEN_SECONDS = 900;

/** A read that takes longer is given up: connecting has its own few seconds still to come. */
const SECRET_TIMEOUT_MS = 3000;

/**
 * How a connection logs in. `iam`: a token signed anew for each connection, which costs no network. `secret`:
 * user and password from Secrets Manager, kept until the server refuses them, then read again.
 */
export function passwordFor(config: LoginConfig, environment = process.env): PasswordSource {
  if (config.DB_AUTH === 'iam') return async () => iamToken(config, awsContext(environment, WHY), new Date());
  const arn = config.DB_SECRET_ARN;
  if (arn === undefined) throw missing('DB_SECRET_ARN', 'DB_AUTH is "secret"');
  let kept: Promise<Login> | undefined;
  return async (refused) => {
    if (refused) kept = undefined;
    kept ??= readSecret(arn, environment);
    try {
      return await kept;
    } catch (error) {
      kept = undefined;
      throw error;
    }
  };
}

export function iamToken(
  { DB_HOST, DB_PORT, DB_USER }: LoginConfig,
  { region, credentials }: AwsContext,
  now: Date,
): string {
  return presign(
    {
      host: `${DB_HOST}:${DB_PORT}`,
      query: [
        ['Action', 'connect'],
        ['DBUser', DB_USER],
      ],
      expiresSeconds: TOKEN_SECONDS,
    },
    { service: 'rds-db', region, credentials, now },
  );
}

const secretValue = z.object({ SecretString: z.string() });
const loginSecret = z.object({ username: z.string().min(1), password: z.string().min(1) });
const failure = z.object({
  __type: z.string(),
  message: z.string().optional(),
  Message: z.string().optional(),
});

async function readSecret(arn: string, environment: NodeJS.ProcessEnv): Promise<Login> {
  const context = awsContext(environment, WHY);
  const url = endpoint(environment, context.region);
  const body = JSON.stringify({ SecretId: arn });
  const headers = signHeaders(
    {
      method: 'POST',
      host: url.host,
      query: [],
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body,
    },
    { ...context, service: 'secretsmanager', now: new Date() },
  );
  const { status, text } = await post(url, headers, body, arn);
  if (status !== 200) throw refusal(arn, status, text);
  const { SecretString } = parseJson(secretValue, text, arn);
  const { username, password } = parseJson(loginSecret, SecretString, arn);
  return { user: username, password };
}

async function post(url: URL, headers: Record<string, string>, body: string, arn: string) {
  try {
    const signal = AbortSignal.timeout(SECRET_TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RetryableError(`the secret ${arn} could not be read from ${url.host}: ${why}`, {
      code: 'SECRET_UNREACHABLE',
      cause,
    });
  }
}

function refusal(arn: string, status: number, text: string): Error {
  const said = failure.safeParse(safeJson(text));
  const type = said.data?.__type.replace(/^.*#/, '') ?? `HTTP ${status}`;
  const message =
    `the secret ${arn} was not given: ${type} ${said.data?.message ?? said.data?.Message ?? ''}`.trim();
  const options = { code: 'SECRET_REFUSED' };
  return status >= 500 || status === 429 || /Throttl|InternalService/.test(type)
    ? new RetryableError(message, options)
    : new PermanentError(message, options);
}

/** Problems are told by field: a secret's text never reaches a message. */
function parseJson<S extends z.ZodType>(schema: S, text: string, arn: string): z.output<S> {
  const result = schema.safeParse(safeJson(text));
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.') || 'JSON').join(', ');
  throw new PermanentError(`the secret ${arn} has not the form {"username", "password"}: ${fields}`, {
    code: 'SECRET_FORM',
  });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function endpoint(environment: NodeJS.ProcessEnv, region: string): URL {
  const given = environment['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? environment['AWS_ENDPOINT_URL'];
  return new URL('/', given ?? `https://secretsmanager.${region}.${domainOf(region)}`);
}
