/**
 * One measurement, in a process of its own: fresh connections, and a peak of memory that is its own. Parent and child
 * are this file's two halves; the argument and the answer are JSON.
 */
import { fork } from 'node:child_process';
import * as z from 'zod';
import { runBare } from './bare.ts';
import { runJob } from './job.ts';
import { runLoop } from './loop.ts';
import type { Measured } from './measured.ts';

const order = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('job'),
    url: z.url(),
    job: z.string(),
    request: z.record(z.string(), z.json()),
  }),
  z.strictObject({ kind: z.literal('bare'), url: z.url(), asOf: z.iso.date(), limit: z.int() }),
  z.strictObject({
    kind: z.literal('loop'),
    url: z.url(),
    asOf: z.iso.date(),
    by: z.enum(['driver', 'person']),
    limit: z.int(),
    seconds: z.number(),
  }),
]);
export type Order = z.infer<typeof order>;

const answer = z.strictObject({
  milliseconds: z.number(),
  cpu: z.number().nullable(),
  /** What it did, in its own words. */
  done: z.record(z.string(), z.json()),
  /** Resident set of the Node process in bytes: before the work, and at its highest until the work was done. */
  memory: z.strictObject({ before: z.number(), peak: z.number() }),
});
export type Answer = z.infer<typeof answer>;

/** @throws when the child fails: it has said why on stderr */
export async function tryIt(what: Order): Promise<Answer> {
  const child = fork(import.meta.filename, [JSON.stringify(what)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let said: unknown;
  child.once('message', (message) => {
    said = message;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`the measurement of the ${what.kind} failed`);
  return answer.parse(said);
}

async function measure(what: Order): Promise<Measured> {
  switch (what.kind) {
    case 'job':
      return runJob(what);
    case 'bare':
      return runBare(what);
    case 'loop':
      return runLoop(what);
  }
}

if (import.meta.main) {
  // The parent went away: nobody waits for the answer.
  const orphaned = () => process.exit(2);
  process.once('disconnect', orphaned);
  const what = order.parse(JSON.parse(process.argv[2] ?? ''));
  const before = process.memoryUsage.rss();
  const { milliseconds, cpu, done, peak } = await measure(what);
  const said: Answer = { milliseconds, cpu, done, memory: { before, peak } };
  process.off('disconnect', orphaned);
  process.send?.(said, () => process.disconnect());
}
