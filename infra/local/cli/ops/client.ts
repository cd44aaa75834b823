import * as z from 'zod';
import { type AwsCredentials, canonicalQuery, signHeaders } from '../../../../functions/core/aws-signer.ts';
import { InputError, PermanentError } from '../../../../functions/core/errors.ts';
import { parse } from '../../../../functions/core/input.ts';

/** The HTTP API, as a person's commands need it. */
export interface Api {
  /** @throws Refused for every answer that is not a 2xx; NoAnswer when nobody answers, or somebody who is not the API */
  get<S extends z.ZodType>(
    answer: S,
    path: string,
    query?: Readonly<Record<string, string>>,
  ): Promise<z.output<S>>;
  post<S extends z.ZodType>(
    answer: S,
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<z.output<S>>;
}

/** The API said no: its sentence, or every field, value and rule. */
export class Refused extends PermanentError {
  override readonly name = 'Refused';
}

/** Nobody said what became of the request: it may have been done all the same. */
export class NoAnswer extends PermanentError {
  override readonly name = 'NoAnswer';
}

const problem = z.object({
  detail: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  problems: z.array(z.object({ field: z.string(), value: z.unknown(), rule: z.string() })).default([]),
});

const LOCAL = ['127.0.0.1', 'localhost', '[::1]'];

/** Requests are vouched for by a token or the credentials of the environment; on this machine also by nothing. */
export function openApi(base: string, env: NodeJS.ProcessEnv, now: () => Date = () => new Date()): Api {
  const origin = new URL(base);
  const authorize = authorizer(origin, env, now);
  // Of a REST API the stage, behind a proxy whatever it has in front of the API.
  const before = origin.pathname.replace(/\/+$/, '');
  const ask = async <S extends z.ZodType>(
    answer: S,
    method: string,
    route: string,
    { query = {}, body, headers = {} }: Asking,
  ): Promise<z.output<S>> => {
    const path = `${before}${route}`;
    const search = canonicalQuery(Object.entries(query));
    const sent = body === undefined ? '' : JSON.stringify(body);
    const given = body === undefined ? headers : { ...headers, 'content-type': 'application/json' };
    const url = `${origin.origin}${path}${search === '' ? '' : `?${search}`}`;
    const authorized = authorize({ method, path, query: Object.entries(query), headers: given, body: sent });
    const response = await send(url, {
      method,
      headers: authorized,
      ...(body === undefined ? {} : { body: sent }),
    });
    const told = readJson(url, response);
    if (response.ok) return parse(answer, told, 'the answer');
    throw refusal(response.status, told);
  };
  return {
    get: (answer, path, query) => ask(answer, 'GET', path, { ...(query && { query }) }),
    post: (answer, path, body, headers) => ask(answer, 'POST', path, { body, ...(headers && { headers }) }),
  };
}

interface Asking {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Signed {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function authorizer(
  origin: URL,
  env: NodeJS.ProcessEnv,
  now: () => Date,
): (request: Signed) => Record<string, string> {
  const token = env['CUADRE_TOKEN'];
  if (token !== undefined) return ({ headers }) => ({ ...headers, authorization: `Bearer ${token}` });
  const credentials = credentialsOf(env);
  const region = /\.execute-api\.([\w-]+)\.amazonaws\.com/.exec(origin.hostname)?.[1] ?? env['AWS_REGION'];
  if (credentials === undefined || region === undefined) {
    // A stack on this machine is open to it unless it was told otherwise.
    if (LOCAL.includes(origin.hostname)) return ({ headers }) => ({ ...headers });
    throw new PermanentError(
      `${origin.host} wants signed requests: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, AWS_REGION), or CUADRE_TOKEN where it takes tokens`,
      { code: 'NO_CREDENTIALS' },
    );
  }
  return (request) =>
    signHeaders(
      { ...request, host: origin.host },
      { service: 'execute-api', region, credentials, now: now() },
    );
}

function credentialsOf(env: NodeJS.ProcessEnv): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] };
}

interface Told {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

async function send(url: string, init: RequestInit): Promise<Told> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    throw new NoAnswer(`${new URL(url).origin} does not answer: ${String(error)}`, {
      code: 'NO_API',
      cause: error,
    });
  }
}

/** @throws NoAnswer for what is no JSON: a page of something that stands before the API, or in its place */
function readJson(url: string, { status, text }: Told): unknown {
  try {
    return JSON.parse(text === '' ? 'null' : text);
  } catch (error) {
    const begins = JSON.stringify(text.trim().replaceAll(/\s+/g, ' ').slice(0, 60));
    throw new NoAnswer(
      `${url} answered ${status} with what is no JSON, beginning ${begins}: is it the API's address, and is the API up?`,
      { code: 'NO_API', cause: error },
    );
  }
}

function refusal(status: number, told: unknown): PermanentError {
  const { data = problem.parse({}) } = problem.safeParse(told ?? {});
  const { detail, code, message, problems } = data;
  const listed = problems.map(({ field, value, rule }) =>
    value === undefined ? `${field}: ${rule}` : `${field}: ${rule}, got ${JSON.stringify(value)}`,
  );
  const sentence = listed.length > 0 ? listed.join('\n       ') : (detail ?? message ?? 'no reason given');
  const answered = `${sentence}${code === undefined ? '' : ` (${code})`}, answered ${status}`;
  return status >= 500
    ? new NoAnswer(answered, { code: 'REFUSED' })
    : new Refused(answered, { code: 'REFUSED' });
}

/** A path of the API with a name in it, which is sent as it is. @throws InputError */
export function pathOf(before: string, name: string, after = ''): string {
  if (/^[\w.-]{1,100}$/.test(name)) return `${before}/${name}${after}`;
  throw new InputError([
    { field: 'name', value: name, rule: 'must be an id or a name, without blanks or slashes' },
  ]);
}
