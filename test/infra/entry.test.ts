import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../infra/constructs/bundle.ts';

const run = promisify(execFile);

describe('the app’s entry', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cuadre-entry-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    run(process.execPath, [...args, 'infra/app.ts'], {
      cwd: PROJECT_ROOT,
      env: { PATH: process.env['PATH'] ?? '', CDK_OUTDIR: directory, ...env },
    });

  it('says in a sentence that Node is too old', async () => {
    const older = join(directory, 'older.mjs');
    await writeFile(
      older,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });`,
    );
    await expect(start(['--import', older, '--import', './infra/require-tools.mjs'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Cuadre needs Node 24 or newer and this is 20\.11\.0\..*npm ci/),
    });
  });

  it('says in a sentence that esbuild is missing', async () => {
    const without = join(directory, 'without.mjs');
    await writeFile(
      without,
      `import { registerHooks } from 'node:module';
       registerHooks({ resolve(name, context, next) {
         if (name === 'esbuild') throw new Error('not installed');
         return next(name, context);
       } });`,
    );
    await expect(start(['--import', without])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^esbuild, which bundles the functions, does not run here: "npm ci"/),
    });
  });

  it('says what is wrong with the context, without a stack', async () => {
    const context = JSON.stringify({ jobConcurrency: 1 });
    await expect(start([], { CDK_CONTEXT_JSON: context })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^The CDK context does not describe a deployment:\n.*\n.*jobConcurrency\n$/,
      ),
    });
  });
});
