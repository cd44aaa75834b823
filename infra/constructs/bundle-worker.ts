import { parentPort } from 'node:worker_threads';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import * as z from 'zod';

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

/** One request: esbuild's options in, files or the reason why not out; then the waiting thread is woken. */
const request = z.object({
  options: z.custom<BuildOptions>((value) => typeof value === 'object' && value !== null),
  done: z.instanceof(SharedArrayBuffer),
  port: z.instanceof(MessagePort),
});

parentPort?.on('message', async (message: unknown) => {
  const { options, done, port } = request.parse(message);
  try {
    const { outputFiles = [] } = await build({ ...options, write: false, plugins: [withoutJsonSchema] });
    port.postMessage({ files: outputFiles.map(({ path, contents }) => ({ path, contents })) });
  } catch (error) {
    port.postMessage({ problem: String(error) });
  }
  Atomics.store(new Int32Array(done), 0, 1);
  Atomics.notify(new Int32Array(done), 0);
});
