import type { Pipeline } from '../functions/core/pipeline.ts';
import { scheduleProblems } from '../functions/core/schedules/due-times.ts';

/**
 * CloudFormation would take a schedule that never fires, and nobody would miss it.
 * Here and not where a pipeline is declared: whether a time is still to come depends on the day, and a function that runs
 * must not end because of the day.
 * @throws naming each pipeline, field and rule
 */
export function assertSchedules(pipelines: readonly Pipeline[], now: number): void {
  const problems = pipelines.flatMap((pipeline) =>
    scheduleProblems(pipeline, now).map((problem) => `pipeline ${pipeline.name}: ${problem}`),
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
