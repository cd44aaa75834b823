import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import * as z from 'zod';
import { pipelines } from '../../functions/pipelines.ts';

/**
 * Every schema of zod can write itself as JSON Schema, which no function of ours does (infra/openapi does, outside of
 * them): 17 KB in each of 20 bundles.
 */
const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup({ onLoad }) {
    const leftOut = `const leftOut = () => { throw new Error('JSON Schema is left out of the bundles'); };`;
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]core[\\/]json-schema-processors\.js$/ }, () => ({
      contents: `${leftOut} export { leftOut as toJSONSchema, leftOut as allProcessors };`,
    }));
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]core[\\/]to-json-schema\.js$/ }, () => ({
      contents: `${leftOut} const method = () => leftOut;
        export { method as createToJSONSchemaMethod, method as createStandardJSONSchemaMethod, leftOut as initializeContext,
          leftOut as processSchema, leftOut as extractDefs, leftOut as finalize, leftOut as handleUnrepresentable };`,
    }));
  },
};

/**
 * functions/jobs.ts finds the jobs' files by their names when it is loaded. A bundle is one file, and has imports in its
 * place, of what a job says to those who do not run it: of the rest, the work, esbuild finds that nobody uses it. Budgets
 * in test/infra/bundles.test.ts hold it to that (84 KB in the run API's bundle otherwise).
 */
const jobsByName: Plugin = {
  name: 'jobs-by-name',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]functions[\\/]jobs\.ts$/ }, ({ path }) => {
      const names = pipelines.flatMap(({ jobs }) => Object.keys(jobs));
      const from = (name: string) => JSON.stringify(`./${name.replace('.', '/')}.ts`);
      const map = (of: string) => `new Map([${names.map((name, n) => `['${name}', ${of}${n}]`).join(', ')}])`;
      return {
        contents: [
          ...names.map(
            (name, n) => `import { input as input${n}, figures as figures${n} } from ${from(name)};`,
          ),
          `export const jobInputs = ${map('input')};`,
          `export const jobFigures = ${map('figures')};`,
        ].join('\n'),
        resolveDir: dirname(path),
      };
    });
  },
};

/** One request: esbuild's options in, files or the reason why not out; then the waiting thread is woken. */
const request = z.object({
  options: z.custom<BuildOptions>((value) => typeof value === 'object' && value !== null),
  done: z.instanceof(SharedArrayBuffer),
  port: z.instanceof(MessagePort),
});

parentPort?.on('message', async (message: unknown) => {
  const { options, done, port } = request.parse(message);
  try {
    const { outputFiles = [] } = await build({
      ...options,
      write: false,
      plugins: [withoutJsonSchema, jobsByName],
    });
    port.postMessage({ files: outputFiles.map(({ path, contents }) => ({ path, contents })) });
  } catch (error) {
    port.postMessage({ problem: String(error) });
  }
  Atomics.store(new Int32Array(done), 0, 1);
  Atomics.notify(new Int32Array(done), 0);
});
