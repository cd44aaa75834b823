import { cabinetJobs } from '../cabinet/jobs.ts';
import { cabinetDaily } from '../cabinet/pipeline.ts';
import { InputError } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import type { Pipeline } from '../core/pipeline.ts';

/** Everything that can be started by name. A new pipeline is one line in each list. */
export const pipelines: readonly Pipeline[] = [cabinetDaily];
const jobs: readonly Job[] = [...cabinetJobs];

export function findJob(name: string): { readonly job: Job; readonly pipeline: Pipeline } {
  const job = jobs.find((candidate) => candidate.name === name);
  const pipeline = pipelines.find((candidate) => candidate.jobs[name] !== undefined);
  if (job !== undefined && pipeline !== undefined) return { job, pipeline };
  throw new InputError([
    { field: 'job', value: name, rule: `must be one of ${jobs.map((each) => each.name).join(', ')}` },
  ]);
}

export function findPipeline(name: string): Pipeline {
  const found = pipelines.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw new InputError([
    {
      field: 'pipeline',
      value: name,
      rule: `must be one of ${pipelines.map((each) => each.name).join(', ')}`,
    },
  ]);
}
