import { InputError, type Problem } from '../core/errors.ts';
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
  for (const [name, input] of Object.entries(inputs)) checkInput(findJob(name).job, input, `input.${name}`);
}

/** What a job takes beside its own keys, and what of a whole run is said once, beside its input. */
const OF_THE_RUN = ['asOf', 'dryRun'];

/**
 * A job's own keys and nothing else. A job as such also takes `asOf` and `dryRun`: from in here they would be overwritten by the
 * run's own or take their place, and what began would be another run than was asked for.
 * @throws InputError with every problem
 */
export function checkInput(job: StartableJob, input: JsonObject, field = 'input'): void {
  const misplaced: Problem[] = OF_THE_RUN.filter((key) => Object.hasOwn(input, key)).map((key) => ({
    field: `${field}.${key}`,
    value: input[key],
    rule: 'belongs beside input, where it is the whole run’s',
  }));
  const own = Object.fromEntries(Object.entries(input).filter(([key]) => !OF_THE_RUN.includes(key)));
  try {
    job.request(own);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError([...misplaced, ...error.problems]);
  }
  if (misplaced.length > 0) throw new InputError(misplaced);
}
