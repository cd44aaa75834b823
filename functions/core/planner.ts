import * as z from 'zod';
import { calendarDate } from './dates.ts';
import { parse } from './input.ts';
import { invokeTrigger, scheduleTrigger } from './job-handler.ts';
import { type Invocation, type LambdaHandler, lambdaHandler } from './lambda.ts';
import { sendOutbox } from './outbox.ts';
import type { Pipeline } from './pipeline.ts';
import { type Queues, sqsQueues } from './queues.ts';
import { startPipeline, type Trigger } from './start.ts';

/** Job name -> that job's input; checked again, key by key, by the job itself. */
export const inputByJob = z.record(z.string(), z.record(z.string(), z.json()));

const asked = z.strictObject({
  asOf: calendarDate.optional(),
  dryRun: z.boolean().default(true),
  input: inputByJob.default({}),
});

/** Turns a trigger into a run: the schedule's, or a person's (a dry run unless it says otherwise). */
export function plannerHandler(pipeline: Pipeline): LambdaHandler {
  return lambdaHandler(`${pipeline.name} planner`, async (event, invocation) => {
    if (event.from === 'queue') throw new Error('the planner reads no queue');
    const [request, trigger] =
      event.from === 'schedule'
        ? [
            { ...event.schedule, asOf: undefined, input: parse(inputByJob, event.schedule.input, 'input') },
            scheduleTrigger(event.schedule),
          ]
        : [parse(asked, event.input), invokeTrigger(invocation)];
    return plan(pipeline, request, trigger, invocation, sqsQueues(invocation.environment.config.QUEUES));
  });
}

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
  const sent = await sendOutbox(control, queues, run.runId);
  log.info('run planned', { ...run, sent });
  return { pipeline: pipeline.name, ...run };
}
