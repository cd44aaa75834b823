import * as z from 'zod';
import type { CsvAnswer, EndpointShape } from '../../functions/core/http.ts';
import type { Schema, Schemas } from './schemas.ts';

type Responses = Record<string, unknown>;

const reference = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

/** An endpoint as OpenAPI says it. */
export function operation(shape: EndpointShape, subject: string, schemas: Schemas): object {
  const { summary, description, aliasOf, body, files } = shape;
  const said = [
    description,
    aliasOf &&
      `The same as \`${shape.method} ${aliasOf}\`, under the path by which callers have come to know it.`,
  ].filter(Boolean);
  return {
    operationId: operationId(shape),
    tags: [subject],
    summary,
    ...(said.length === 0 ? {} : { description: said.join(' ') }),
    parameters: parametersOf(shape, schemas),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(schemas.read(body)) }),
    ...(files === undefined ? {} : { requestBody: filesOf(files) }),
    responses: responsesOf(shape, schemas),
  };
}

/** `GET /api/v1/runs/{run_id}/decisions` is getRunsByRunIdDecisions. */
export function operationId({ method, route }: Pick<EndpointShape, 'method' | 'route'>): string {
  const words = route
    .replace(/^\/api\/v1\//, '')
    .replaceAll('{', 'by-')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map(capital).join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function requestBodyOf({ examples, ...schema }: Schema): object {
  const [example] = Array.isArray(examples) ? examples : [];
  return { required: true, content: { 'application/json': { schema, ...(example && { example }) } } };
}

function filesOf(types: readonly string[]): object {
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: {} }])) };
}

function parametersOf({ method, path, query, headers }: EndpointShape, schemas: Schemas): object[] {
  const places = [
    ['path', path],
    ['query', query],
    ['header', headers],
  ] as const;
  const own = places.flatMap(([place, { shape }]) =>
    Object.entries(shape).map(([name, schema]) => parameterOf(place, name, schema, schemas)),
  );
  return method === 'GET' ? [...own, reference('parameters', 'IfNoneMatch')] : own;
}

function parameterOf(place: string, name: string, type: z.core.$ZodType, schemas: Schemas): object {
  const { description, ...schema } = schemas.parameter(type);
  return {
    name,
    in: place,
    required: !z.safeParse(type, undefined).success,
    description,
    schema,
  };
}

function responsesOf(shape: EndpointShape, schemas: Schemas): Responses {
  const { method, status, problems, answer, body } = shape;
  const tooLarge = [
    ...(problems[413] ?? []),
    ...('csv' in answer ? ['EXPORT_TOO_MANY_ROWS', 'EXPORT_TOO_LARGE'] : []),
    ...(body === undefined ? [] : ['BODY_TOO_LARGE']),
  ];
  const coded = Object.entries({ ...problems, 413: tooLarge }).filter(([, codes]) => codes.length > 0);
  return {
    [status]: answerOf(shape, schemas),
    ...('csv' in answer ? { 303: reference('responses', 'ElsewhereAsFile') } : {}),
    ...(method === 'GET' ? { 304: reference('responses', 'NotModified') } : {}),
    400: reference('responses', 'InvalidInput'),
    401: reference('responses', 'Unauthorized'),
    403: reference('responses', 'Forbidden'),
    ...Object.fromEntries(coded.map(([each, codes]) => [each, problemOf(each, codes)])),
    429: reference('responses', 'TooManyRequests'),
    500: reference('responses', 'InternalError'),
    503: reference('responses', 'Unavailable'),
  };
}

const MEANING: Readonly<Record<string, string>> = {
  404: 'What is named does not exist',
  409: 'The present state forbids it',
  413: 'Too large',
};

function problemOf(status: string, codes: readonly string[]): object {
  const schema: Schema = {
    allOf: [reference('schemas', 'Problem'), { properties: { code: { enum: codes } }, required: ['code'] }],
  };
  return {
    description: `${MEANING[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    content: { 'application/problem+json': { schema } },
  };
}

function answerOf(shape: EndpointShape, schemas: Schemas): object {
  const { answer, also, method, status, summary, route, aliasOf = route } = shape;
  if ('csv' in answer) return spreadsheet(answer);
  const page = { [also?.page ?? 'text/html']: { schema: { type: 'string' } } };
  if ('page' in answer)
    return { description: `${summary}.`, headers: headers('ETag', 'CacheControl'), content: page };
  const written = schemas.written(answer);
  const name = `${capital(operationId({ method, route: aliasOf }))}Answer`;
  return {
    description: status === 202 ? 'Accepted; the work is queued.' : `${summary}.`,
    headers: method === 'GET' ? headers('ETag', 'CacheControl') : headers('CacheControl'),
    content: {
      'application/json': { schema: '$ref' in written ? written : schemas.name(name, written) },
      ...(also && page),
    },
  };
}

function spreadsheet({ csv }: CsvAnswer): object {
  const columns = csv.map(({ header }) => `\`${header}\``).join(', ');
  return {
    description: `UTF-8 with a byte order mark, CRLF line ends, \`Sí\` and \`No\`; text that could be read as a formula begins with an apostrophe. Columns: ${columns}.`,
    headers: headers('ETag', 'CacheControl', 'ContentDisposition', 'ContentDigest', 'XRowCount'),
    content: { 'text/csv': { schema: { type: 'string' } } },
  };
}

const HEADERS: Readonly<Record<string, string>> = {
  ETag: 'ETag',
  CacheControl: 'Cache-Control',
  ContentDisposition: 'Content-Disposition',
  ContentDigest: 'Content-Digest',
  XRowCount: 'X-Row-Count',
};

function headers(...names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [HEADERS[name], reference('headers', name)]));
}
