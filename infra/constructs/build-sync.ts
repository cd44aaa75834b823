import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { BuildOptions } from 'esbuild';
import * as z from 'zod';

const answer = z.union([
  z.object({ files: z.array(z.object({ path: z.string(), contents: z.instanceof(Uint8Array) })) }),
  z.object({ problem: z.string() }),
]);

let worker: Worker | undefined;

/**
 * esbuild with our plugin, for those who cannot wait otherwise: CDK asks for an asset and takes it in the same breath, and
 * esbuild's own buildSync takes no plugins.
 */
export function buildSync(options: BuildOptions): { path: string; contents: Uint8Array }[] {
  worker ??= new Worker(new URL('./bundle-worker.ts', import.meta.url));
  // It keeps nobody from ending.
  worker.unref();
  const done = new SharedArrayBuffer(4);
  const { port1: ours, port2: theirs } = new MessageChannel();
  worker.postMessage({ options, done, port: theirs }, [theirs]);
  Atomics.wait(new Int32Array(done), 0, 0);
  const received = receiveMessageOnPort(ours);
  ours.close();
  const found = answer.parse(received?.message);
  if ('problem' in found) throw new Error(found.problem);
  return found.files;
}
