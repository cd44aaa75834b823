import * as z from 'zod';
import type { JobFigures } from './core/figures.ts';
import type { Job } from './core/job.ts';
import type { JobHandler } from './core/job-handler.ts';
import type { JobInput } from './core/job-input.ts';
import type { Pipeline } from './core/pipeline.ts';

/** What the file of every job exports. */
const jobFile = z.object({
  input: z.custom<JobInput>(
    (value) => value instanceof z.ZodObject,
    'must be the z.strictObject of its keys',
  ),
  figures: z.custom<JobFigures>(
    (value) => typeof value === 'object' && value !== null && 'figures' in value,
    'must say what the figures of its report stand on',
  ),
  handler: z.custom<JobHandler>(
    (value) => typeof value === 'function' && 'job' in value,
    'must be made by jobHandler()',
  ),
});

/** `cabinet.claims-reconcile` is functions/cabinet/claims-reconcile.ts. Not for a function's code: a bundle is one file. */
export async function loadJobFile(name: string): Promise<z.output<typeof jobFile>> {
  const path = `./${name.replace('.', '/')}.ts`;
  const loaded = jobFile.safeParse(await import(new URL(path, import.meta.url).href));
  if (loaded.success) return loaded.data;
  const lacks = loaded.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  throw new Error(`functions/${path.slice(2)}: ${lacks.join('; ')}`);
}

/** A job with its work, by its name. */
export async function loadJob(name: string): Promise<Job> {
  return (await loadJobFile(name)).handler.job;
}

/** All of a pipeline's jobs, in the order of its declaration. */
export function loadJobs({ jobs }: Pipeline): Promise<Job[]> {
  return Promise.all(Object.keys(jobs).map(loadJob));
}
