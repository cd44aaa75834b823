import * as z from 'zod';
import { calendarDate } from './dates.ts';
import type { ScheduleEvent } from './events.ts';
import { parse } from './input.ts';
import { invokeTrigger, scheduleTrigger } from './job-handler.ts';
import { type Invocation, type LambdaHandler, lambdaHandler } from './lambda.ts';
import type { Pipeline } from './pipeline.ts';
import { inputByJob, plan } from './planner.ts';
import { type Queues, sqsQueues } from './queues.ts';
import { type Gate, type GateParts, gate } from './schedules/gate.ts';
import { BEGINS_DEGRADED } from './schedules/messages.ts';
import { awsScheduler } from './schedules/scheduler.ts';

export const plannerInput = z.strictObject({
  asOf: calendarDate.optional(),
  dryRun: z.boolean().default(true),
  input: inputByJob.default({}),
});

/** Turns a trigger into a run: the schedule's, or a person's (a dry run unless it says otherwise). */
export function plannerHandler(pipeline: Pipeline): LambdaHandler {
  const scheduler = awsScheduler();
  return lambdaHandler(`${pipeline.name} planner`, async (event, invocation) => {
    if (event.from === 'queue') throw new Error('the planner reads no queue');
    const queues = sqsQueues(invocation.environment.config.QUEUES);
    if (event.from === 'schedule') {
      const group = process.env['ONCE_GROUP'];
      return planScheduled(pipeline, event.schedule, invocation, queues, {
        scheduler,
        group,
        now: new Date(),
      });
    }
    return plan(pipeline, parse(plannerInput, event.input), invokeTrigger(invocation), invocation, queues);
  });
}

/** A due time becomes its run, unless its schedule is paused or its source is not ready. */
export async function planScheduled(
  pipeline: Pipeline,
  event: ScheduleEvent,
  invocation: Pick<Invocation, 'environment' | 'log'>,
  queues: Queues,
  parts: Omit<GateParts, 'sql'>,
) {
  const input = parse(inputByJob, event.input, 'input');
  const found: Gate = event.dryRun
    ? { open: true, detail: {} }
    : await gate(pipeline, event, { ...parts, sql: invocation.environment.control.sql });
  if (!found.open) {
    const { scheduleArn, scheduledTime } = event;
    const { held, again, why } = found;
    invocation.log.warn('scheduled run held', { scheduleArn, scheduledTime, held, again, why });
    return { pipeline: pipeline.name, scheduledTime, held, again, why };
  }
  if (found.detail['degraded'] !== undefined) {
    invocation.log.error(BEGINS_DEGRADED, {
      ...found.detail,
      scheduleArn: event.scheduleArn,
    });
  }
  const trigger = scheduleTrigger(event);
  const request = { asOf: undefined, dryRun: event.dryRun, input };
  return plan(
    pipeline,
    request,
    { ...trigger, detail: { ...trigger.detail, ...found.detail } },
    invocation,
    queues,
  );
}
