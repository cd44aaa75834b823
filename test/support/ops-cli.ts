import { execFile } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `npm run ops -- ...` in a process of its own. */
export function opsCli(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const main = join(import.meta.dirname, '../../infra/local/cli/main.ts');
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'ops', ...args], { env: { PATH, HOME, ...env } }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}
