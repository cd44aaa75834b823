import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type Endpoint, endpoint, noParameters, ok } from '../core/http.ts';
import { routed } from './routes.ts';

const document = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.json()),
});
type Document = z.infer<typeof document>;

let read: Document | undefined;

/** GET /openapi.json: the generated file (infra/openapi), which is deployed beside the code. */
export const openapi: Endpoint<undefined> = endpoint({
  method: 'GET',
  route: '/openapi.json',
  summary: 'This API as an OpenAPI 3.1 document',
  query: noParameters,
  path: noParameters,
  answer: document,
  async run({ event }) {
    read ??= document.parse(JSON.parse(readFileSync(new URL('openapi.json', import.meta.url), 'utf8')));
    return ok(event, read);
  },
});

export const handler = routed('api document', [openapi], async () => undefined);
