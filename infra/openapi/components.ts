import type { Schema } from './schemas.ts';

/** What every operation of the document refers to. */

export const securitySchemes = {
  iam: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'AWS Signature Version 4 of the service `execute-api`.',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
};

const text = (description: string) => ({ description, schema: { type: 'string' } });

export const headers = {
  ETag: text('Stands for this answer; send it as If-None-Match to be told that nothing has changed.'),
  CacheControl: text('`private, no-cache` for what may be kept and asked about again, else `no-store`.'),
  ContentDisposition: text('`attachment`, with the file’s name: its subject and the time in Lima.'),
  ContentDigest: text('SHA-256 of the file (RFC 9530).'),
  XRowCount: { description: 'Rows of the file without its header.', schema: { type: 'integer' } },
  Location: text('Where to go on.'),
  RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } },
};

export const parameters = {
  IfNoneMatch: {
    name: 'if-none-match',
    in: 'header',
    required: false,
    description: 'ETags of earlier answers, separated by commas: 304 when one of them still stands.',
    schema: { type: 'string', maxLength: 2000 },
  },
};

/** RFC 9457. */
const problem: Schema = {
  description: 'What went wrong, as RFC 9457 has it.',
  type: 'object',
  properties: {
    type: { const: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string', description: 'For programs; docs/operate.md explains each.' },
    problems: {
      type: 'array',
      minItems: 1,
      description: 'Everything that is wrong with the request, not the first.',
      items: { $ref: '#/components/schemas/InputProblem' },
    },
  },
  required: ['type', 'title', 'status', 'detail'],
  additionalProperties: false,
};

const inputProblem: Schema = {
  type: 'object',
  properties: {
    field: {
      type: 'string',
      description: 'Where: `query.limit`, `path.run_id`, `header.idempotency-key`, `body.asOf`.',
    },
    value: { description: 'What was given; absent when nothing was.' },
    rule: { type: 'string', description: 'What it must be.' },
  },
  required: ['field', 'rule'],
  additionalProperties: false,
};

const gatewayMessage: Schema = {
  description: 'What the gateway says before a function is asked.',
  type: 'object',
  properties: { message: { type: 'string' } },
  required: ['message'],
};

export const schemas = { Problem: problem, InputProblem: inputProblem, GatewayMessage: gatewayMessage };

const json = (name: keyof typeof schemas) => ({ schema: { $ref: `#/components/schemas/${name}` } });

const gateway = (description: string) => ({
  description,
  content: { 'application/json': json('GatewayMessage') },
});

export const responses = {
  NotModified: {
    description: 'What the caller has still stands.',
    headers: {
      ETag: { $ref: '#/components/headers/ETag' },
      'Cache-Control': { $ref: '#/components/headers/CacheControl' },
    },
  },
  ElsewhereAsFile: {
    description:
      'The file is larger than an answer may be (6 MB, or the row limit) and is at `Location`, for whoever has the link, until it expires.',
    headers: {
      Location: { $ref: '#/components/headers/Location' },
      'Cache-Control': { $ref: '#/components/headers/CacheControl' },
      'X-Row-Count': { $ref: '#/components/headers/XRowCount' },
    },
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            location: { type: 'string' },
            expires_seconds: { type: 'integer' },
            rows: { type: 'integer' },
            bytes: { type: 'integer' },
            content_digest: { type: 'string', description: 'SHA-256 of the file (RFC 9530).' },
          },
          required: ['location', 'expires_seconds', 'rows', 'bytes', 'content_digest'],
          additionalProperties: false,
        },
      },
    },
  },
  InvalidInput: {
    description:
      'A parameter, header or body that breaks a rule, or one that is not known. Nothing was done.',
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }, { required: ['problems'] }],
        },
        example: {
          type: 'about:blank',
          title: 'Invalid input',
          status: 400,
          detail: 'query.limit: must be a whole number from 1 to 1000, got "0"',
          problems: [{ field: 'query.limit', value: '0', rule: 'must be a whole number from 1 to 1000' }],
        },
      },
    },
  },
  Unauthorized: gateway('No token, or one that is not valid (where the API is open to tokens).'),
  Forbidden: gateway('Not signed, or not by somebody who may call.'),
  TooManyRequests: gateway('More requests than the API is set to take.'),
  InternalError: {
    description: 'A fault of ours; the log says which.',
    content: { 'application/problem+json': json('Problem') },
  },
  Unavailable: {
    description: 'The database, or the function, could not be used just now: try again.',
    headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
    content: { 'application/problem+json': json('Problem'), 'application/json': json('GatewayMessage') },
  },
};
