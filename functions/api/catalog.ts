import { InputError } from '../core/errors.ts';
import type { JsonObject } from '../core/job.ts';
import { type StartableJob, startableJob } from '../core/job-input.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { jobInputs } from '../jobs.ts';
import { pipelines } from '../pipelines.ts';

export { findPipeline } from './pipelines.ts';

/** By name, with what it takes and without what it does. @throws InputError naming those that there are */
export function findJob(name: string): { readonly job: StartableJob; readonly pipeline: Pipeline } {
  const input = jobInputs.get(name);
  const pipeline = pipelines.find(({ jobs }) => Object.hasOwn(jobs, name));
  if (input !== undefined && pipeline !== undefined) return { job: startableJob(name, input), pipeline };
  throw new InputError([
    { field: 'job', value: name, rule: `must be one of ${[...jobInputs.keys()].join(', ')}` },
  ]);
}

/** Job name -> that job's own keys, checked where they are given: a mistake is a refusal, and not a run that fails later. */
export function checkInputs(inputs: Readonly<Record<string, JsonObject>>): void {
  for (const [name, input] of Object.entries(inputs)) findJob(name).job.request(input);
}
