import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { ApiHandler } from '../../functions/api/routes.ts';
import { PROJECT_ROOT } from '../constructs/bundle.ts';

/** A function that answers HTTP requests. */
export interface Api {
  /** Its file, as the stack names it: `functions/api/read.ts`. */
  readonly entry: string;
  readonly handler: ApiHandler;
}

const DIRECTORY = 'functions/api';

const module = z.object({
  handler: z.custom<ApiHandler>((value) => typeof value === 'function' && 'endpoints' in value),
});

/** Every file of functions/api that is a function's entry, with what it answers. */
export async function apis(): Promise<Api[]> {
  const entries = readdirSync(join(PROJECT_ROOT, DIRECTORY), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${DIRECTORY}/${name}`)
    .filter((file) => readFileSync(join(PROJECT_ROOT, file), 'utf8').includes('export const handler'))
    .toSorted();
  return Promise.all(
    entries.map(async (entry) => {
      const { handler } = module.parse(await import(join(PROJECT_ROOT, entry)));
      return { entry, handler };
    }),
  );
}
