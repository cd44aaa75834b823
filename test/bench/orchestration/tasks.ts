import * as z from 'zod';
import { type Job, job } from '../../../functions/core/job.ts';
import { type Pipeline, pipeline } from '../../../functions/core/pipeline.ts';

const timeZone = 'America/Lima';

/** A chain of jobs that do nothing: what is left is what orchestration costs. */
export function chainOf(tasks: number): {
  readonly chain: Pipeline;
  readonly jobs: ReadonlyMap<string, Job>;
} {
  const names = Array.from({ length: tasks }, (_, at) => `bench.task-${String(at + 1).padStart(3, '0')}`);
  const node = { description: 'Does nothing. Input: none.', timeoutSeconds: 60, memoryMb: 128 };
  return {
    chain: pipeline({
      name: 'bench-chain',
      domain: 'bench',
      timeZone,
      schedule: { expression: 'cron(0 2 * * ? *)', timeZone },
      jobs: Object.fromEntries(
        names.map((name, at) => [name, { ...node, after: names.slice(Math.max(0, at - 1), at) }]),
      ),
    }),
    jobs: new Map(
      names.map((name) => [
        name,
        job({ name, input: z.strictObject({}), run: async () => ({ report: { done: 1 } }) }),
      ]),
    ),
  };
}
