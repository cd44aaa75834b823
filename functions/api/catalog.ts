import { cabinetJobs } from '../cabinet/jobs.ts';
import { InputError } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { pipelines } from '../pipelines.ts';

export { findPipeline } from './pipelines.ts';

/** Every job body: what the run API checks inputs with, and the CLI runs. */
const jobs: readonly Job[] = [...cabinetJobs];

export function findJob(name: string): { readonly job: Job; readonly pipeline: Pipeline } {
  const job = jobs.find((candidate) => candidate.name === name);
  const pipeline = pipelines.find((candidate) => candidate.jobs[name] !== undefined);
  if (job !== undefined && pipeline !== undefined) return { job, pipeline };
  throw new InputError([
    { field: 'job', value: name, rule: `must be one of ${jobs.map((each) => each.name).join(', ')}` },
  ]);
}
