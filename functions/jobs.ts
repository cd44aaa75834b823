import { loadJobFile } from './load-job.ts';
import { pipelines } from './pipelines.ts';

/**
 * What the jobs' files say to those who do not run them: what each takes, and what its figures stand on. Found here by the
 * pipelines' names when it is loaded; in a bundle infra/constructs/bundle-worker.ts puts imports of just these in the place of
 * this file, so that a function of the API carries no job's work.
 */
const files = await Promise.all(
  pipelines
    .flatMap(({ jobs }) => Object.keys(jobs))
    .map(async (name) => [name, await loadJobFile(name)] as const),
);

export const jobInputs = new Map(files.map(([name, { input }]) => [name, input]));
export const jobFigures = new Map(files.map(([name, { figures }]) => [name, figures]));
