import * as z from 'zod';
import type { Invocation } from './lambda.ts';
import { sendOutbox } from './outbox.ts';
import type { Pipeline } from './pipeline.ts';
import type { Queues } from './queues.ts';
import { startPipeline, type Trigger } from './start.ts';

/** Job name -> that job's input; checked again, key by key, by the job itself. */
export const inputByJob = z.record(z.string(), z.record(z.string(), z.json()));

interface PlanRequest {
  readonly asOf?: string | undefined;
  readonly dryRun: boolean;
  readonly input: z.output<typeof inputByJob>;
}

export async function plan(
  pipeline: Pipeline,
  { asOf, dryRun, input }: PlanRequest,
  trigger: Trigger,
  { environment, log }: Pick<Invocation, 'environment' | 'log'>,
  queues: Queues,
) {
  const { control, codeVersion } = environment;
  const run = await startPipeline(control.sql, pipeline, { asOf, dryRun, input }, trigger, {
    inline: false,
    codeVersion,
  });
  log.info('run planned', { ...run });
  // What is not taken throws, so that whoever fired this fires again: the same trigger finds its run, and what it left unsent.
  await sendOutbox(control, queues, run.runId);
  return { pipeline: pipeline.name, ...run };
}
