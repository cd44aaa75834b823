import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PermanentError } from '../../../functions/core/errors.ts';

export interface LocalDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** Where `npm start` keeps its state unless told otherwise, and where it says how to reach what is running. */
export const STATE_DIRECTORY = '.cuadre';
export const RUNNING_FILE = 'running.json';

const running = z.object({ pid: z.int(), databaseUrl: z.url(), apiUrl: z.url().optional() });

/** `DATABASE_URL` when it is set; else the database of the stack that `npm start` runs. */
export async function openLocalDatabase(env: NodeJS.ProcessEnv): Promise<LocalDatabase> {
  const close = async () => {};
  const given = env['DATABASE_URL'];
  if (given !== undefined) return { url: given, close };
  const found = await readRunning(env);
  if (found !== undefined) return { url: found.databaseUrl, close };
  throw new PermanentError(
    'no local stack is running: start one with `npm start` (in another terminal), or set DATABASE_URL to a database that is migrated',
    { code: 'NO_DATABASE' },
  );
}

/** Base address of the API of the stack that `npm start` runs. */
export async function localApi(env: NodeJS.ProcessEnv, flag = '--base-url'): Promise<string> {
  const found = await readRunning(env);
  if (found?.apiUrl !== undefined) return found.apiUrl;
  throw new PermanentError(
    `no local stack is running: start one with \`npm start\` (in another terminal), or name an API with ${flag}`,
    { code: 'NO_API' },
  );
}

async function readRunning(env: NodeJS.ProcessEnv): Promise<z.output<typeof running> | undefined> {
  const found = running.safeParse(await readJson(join(env['CUADRE_STATE'] ?? STATE_DIRECTORY, RUNNING_FILE)));
  return found.success && isAlive(found.data.pid) ? found.data : undefined;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
