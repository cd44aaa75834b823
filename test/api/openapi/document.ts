/** The API's document as the tests read it: from the file that is served, not from the schemas behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as z from 'zod';
import { DOCUMENT_FILE } from '../../../infra/openapi/document.ts';
import { project } from '../../support/docs.ts';

const schema = z.record(z.string(), z.json());
export type Schema = z.infer<typeof schema>;

const reference = z.strictObject({ $ref: z.string() });
const parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  description: z.string().optional(),
  schema,
  example: z.json().optional(),
});
const content = z.record(z.string(), z.object({ schema, example: z.json().optional() }));
const response = z.object({ description: z.string(), content: content.default({}) });
const operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().optional(),
  parameters: z.array(z.union([reference, parameter])),
  requestBody: z.object({ required: z.literal(true), content }).optional(),
  responses: z.record(z.string(), z.union([reference, response])),
});
const method = z.enum(['get', 'post']);
const document = z.looseObject({
  paths: z.record(z.string(), z.partialRecord(method, operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), schema),
    parameters: z.record(z.string(), parameter),
    responses: z.record(z.string(), response),
  }),
});

export type Parameter = z.infer<typeof parameter>;
export type Response = z.infer<typeof response>;

export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly schema: Schema; readonly example?: z.core.util.JSONType | undefined } | undefined;
  /** Content types of a body that is no JSON. */
  readonly files: readonly string[];
  readonly responses: Readonly<Record<string, Response>>;
}

export const served: unknown = JSON.parse(readFileSync(join(project, DOCUMENT_FILE), 'utf8'));
const { paths, components } = document.parse(served);

function found<T>(from: Readonly<Record<string, T>>, $ref: string): T {
  const there = from[$ref.split('/').at(-1) ?? ''];
  if (there === undefined) throw new Error(`the document refers to ${$ref}, which it has not`);
  return there;
}

/** Every operation with what it refers to in its place. */
export const operations: readonly Operation[] = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([name, each]) => ({
    id: each.operationId,
    method: name === 'get' ? 'GET' : 'POST',
    path,
    summary: each.summary,
    parameters: each.parameters.map((one) => ('$ref' in one ? found(components.parameters, one.$ref) : one)),
    body: each.requestBody?.content['application/json'],
    files: Object.keys(each.requestBody?.content ?? {}).filter((type) => type !== 'application/json'),
    responses: Object.fromEntries(
      Object.entries(each.responses).map(([status, one]) => [
        status,
        '$ref' in one ? found(components.responses, one.$ref) : one,
      ]),
    ),
  })),
);

const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);
ajv.addSchema({ $id: 'document', components });

const compiled = new Map<string, (value: unknown) => string[]>();

/** What in a value is not as a schema of the document has it. */
export function violations(of: Schema, value: unknown): string[] {
  const key = JSON.stringify(of);
  const check = compiled.get(key) ?? validator(key);
  compiled.set(key, check);
  return check(value);
}

function validator(key: string): (value: unknown) => string[] {
  const validate = ajv.compile(JSON.parse(key.replaceAll('"#/components/', '"document#/components/')));
  return (value) =>
    validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}
