import * as z from 'zod';
import { InputError, type Problem } from './errors.ts';
import { type HttpEvent, type HttpResult, problem } from './http-answer.ts';
import { readJson, refuseBody } from './http-body.ts';
import { parse } from './input.ts';
import type { Log } from './log.ts';
import type { Environment } from './services.ts';

export {
  cacheHeaders,
  done,
  etagOf,
  type HttpEvent,
  type HttpResult,
  notModified,
  ok,
  problem,
  problemDocument,
} from './http-answer.ts';

export interface EndpointContext<Query, Path, Headers = unknown, Body = unknown, Needs = Environment> {
  readonly query: Query;
  readonly path: Path;
  readonly headers: Headers;
  readonly body: Body;
  readonly event: HttpEvent;
  readonly environment: Needs;
  readonly log: Log;
}

/** A spreadsheet: its columns are those of its first line. */
export interface CsvAnswer {
  readonly csv: readonly { readonly header: string }[];
}

/** Something for people to look at. */
export interface PageAnswer {
  readonly page: 'text/html';
}

/** What can go wrong beside a 400, a 500 and a 503: the codes of the problem by status. */
export type Problems = Readonly<Partial<Record<404 | 409 | 413, readonly string[]>>>;

/** What an endpoint takes and answers: the gate, the types and the API's document (infra/openapi) come from it. */
export interface EndpointShape {
  readonly method: 'GET' | 'POST';
  readonly route: string;
  readonly summary: string;
  /** What the summary leaves open; for people, in the API's document. */
  readonly description?: string | undefined;
  readonly query: z.ZodObject;
  readonly path: z.ZodObject;
  /** Those that a request must carry for this endpoint, in lower case. */
  readonly headers: z.ZodObject;
  /** What a request must carry as JSON; without it a body is refused. */
  readonly body?: z.ZodType | undefined;
  /** Content types of a body that is no JSON, which the endpoint reads itself. */
  readonly files?: readonly string[] | undefined;
  /** What a 200, or what `status` says, holds. */
  readonly answer: z.ZodType | CsvAnswer | PageAnswer;
  /** The same as a page, for who asks for it. */
  readonly also?: PageAnswer | undefined;
  readonly status: 200 | 202;
  readonly problems: Problems;
  /** The path to use instead of this one, which says the same. */
  readonly aliasOf?: string | undefined;
}

/** One endpoint: its schemas are the gate, the documentation and the types. */
export interface Endpoint<Needs = Environment> extends EndpointShape {
  handle(event: HttpEvent, services: { readonly environment: Needs; readonly log: Log }): Promise<HttpResult>;
}

export interface EndpointDefinition<
  Query extends z.ZodType,
  Path extends z.ZodType,
  Headers extends z.ZodType,
  Body extends z.ZodType,
  Needs,
> {
  readonly method: EndpointShape['method'];
  readonly route: string;
  readonly summary: string;
  readonly description?: string;
  readonly query: Query;
  readonly path: Path;
  readonly headers?: Headers;
  readonly body?: Body;
  readonly files?: readonly string[];
  readonly answer: EndpointShape['answer'];
  readonly also?: PageAnswer;
  readonly status?: EndpointShape['status'];
  readonly problems?: Problems;
  run(
    context: EndpointContext<z.output<Query>, z.output<Path>, z.output<Headers>, z.output<Body>, Needs>,
  ): Promise<HttpResult>;
}

export function endpoint<
  Query extends z.ZodObject,
  Path extends z.ZodObject,
  Headers extends z.ZodObject = typeof noParameters,
  Body extends z.ZodType = z.ZodUndefined,
  Needs = Environment,
>(definition: EndpointDefinition<Query, Path, Headers, Body, Needs>): Endpoint<Needs>;
// What may be left out has a type of its own for `run`; in here it is a schema like any other.
export function endpoint<Needs>(
  definition: EndpointDefinition<z.ZodObject, z.ZodObject, z.ZodObject, z.ZodType, Needs>,
): Endpoint<Needs> {
  const { run, body, headers = noParameters, status = 200, problems = {}, ...rest } = definition;
  return {
    ...rest,
    ...{ headers, body, status, problems },
    async handle(event, services) {
      try {
        const taken = everything({
          query: () => parse(rest.query, queryOf(event), 'query'),
          path: () => parse(rest.path, event.pathParameters ?? {}, 'path'),
          headers: () => parse(headers, named(headers, event.headers), 'header'),
          body: () => (body === undefined ? withoutBody(event, rest) : parse(body, readJson(event), 'body')),
        });
        return await run({ ...services, event, ...taken });
      } catch (error) {
        return problem(error, services.log, rest.method === 'GET');
      }
    },
  };
}

type Parts = Readonly<Record<string, () => unknown>>;
type Taken<P extends Parts> = { [K in keyof P]: ReturnType<P[K]> };

/** What each part gives. What is wrong with any of them is said together. */
function everything<P extends Parts>(parts: P): Taken<P>;
function everything(parts: Parts): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, take] of Object.entries(parts)) {
    try {
      taken[name] = take();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return taken;
}

/** The gateway joins what is given twice by a comma, and nobody could tell it from a text that has one. */
function queryOf({ queryStringParameters = {}, rawQueryString }: HttpEvent): Record<string, unknown> {
  const names = [...new URLSearchParams(rawQueryString).keys()];
  const repeated = names.filter((name, index) => names.indexOf(name) < index);
  if (repeated.length === 0) return queryStringParameters;
  throw new InputError(
    [...new Set(repeated)].map((name) => ({
      field: `query.${name}`,
      value: queryStringParameters[name],
      rule: 'must be given once',
    })),
  );
}

function named({ shape }: z.ZodObject, headers: HttpEvent['headers']): Record<string, unknown> {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, headers[name]]));
}

function withoutBody(
  event: HttpEvent,
  { method, files }: Pick<EndpointShape, 'method' | 'files'>,
): undefined {
  if (method !== 'GET' && files === undefined) refuseBody(event);
}

/** A whole number in a query string: digits and nothing else, within its limits. */
export function wholeNumber(minimum: number, maximum: number) {
  const rule = `must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^-?\d{1,9}$/, rule)
    .transform(Number)
    .pipe(z.int().min(minimum, rule).max(maximum, rule));
}

/** `true` or `false` in a query string. */
export function flag() {
  return z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .pipe(z.boolean());
}

/** A word to compare with: never longer than what it is compared with, and never what PostgreSQL cannot hold. */
export function word(maximum = 100) {
  return z
    .string()
    .min(1, `must be a text of 1 to ${maximum} characters`)
    .max(maximum, `must be a text of 1 to ${maximum} characters`)
    .regex(/^[^\0]*$/, 'must not hold a NUL character');
}

export const noParameters = z.strictObject({});
