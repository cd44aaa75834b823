import type { Api } from './apis.ts';
import * as shared from './components.ts';
import { operation } from './operation.ts';
import { Schemas } from './schemas.ts';

/** Where the function that serves it has it beside its code. */
export const DOCUMENT_FILE = 'functions/api/openapi.json';

const DESCRIPTION = `Reads of the reconciliation, and the calls that start and acknowledge. Money is a decimal string in soles, dates are YYYY-MM-DD, times ISO 8601. Unknown parameters and keys are refused, and so is a parameter that is given twice. How to call, page and cache is in docs/api.md.`;

/** The whole HTTP API as an OpenAPI 3.1 document, from the schemas that gate its requests. */
export function openApiDocument(apis: readonly Api[], version: string): object {
  const schemas = new Schemas();
  for (const [name, schema] of Object.entries(shared.schemas)) schemas.name(name, schema);
  const operations = apis
    .flatMap(({ handler: { endpoints, subject } }) => endpoints.map((shape) => ({ shape, subject })))
    .toSorted((a, b) => (a.shape.route < b.shape.route ? -1 : 1));
  const paths: Record<string, Record<string, object>> = {};
  for (const { shape, subject } of operations) {
    const method = shape.method.toLowerCase();
    paths[shape.route] = { ...paths[shape.route], [method]: operation(shape, tagOf(subject), schemas) };
  }
  const { securitySchemes, headers, parameters, responses } = shared;
  return {
    openapi: '3.1.1',
    info: { title: 'Cuadre', version, description: DESCRIPTION },
    servers: [{ url: '/', description: 'The address that the API’s stack puts out as ApiUrl.' }],
    security: [{ iam: [] }, { jwt: [] }],
    tags: apis.map(({ handler: { subject } }) => ({ name: tagOf(subject) })),
    paths,
    components: { schemas: schemas.all(), headers, parameters, responses, securitySchemes },
  };
}

function tagOf(subject: string): string {
  return subject.replace(/^api /, '');
}
