import * as z from 'zod';
import { PermanentError } from './errors.ts';
import { parse } from './input.ts';
import { lambdaHandler } from './lambda.ts';
import { sqsQueues } from './queues.ts';
import { schedulesOf } from './schedules/known.ts';
import { awsScheduler } from './schedules/scheduler.ts';
import { wouldSweep } from './sweep.ts';
import { sweepAndLook } from './sweep-and-look.ts';

export const sweeperInput = z.strictObject({ dryRun: z.boolean().default(true) });
const scheduler = awsScheduler();

/**
 * The net under workers, messages, runs and schedules. Woken a minute after a run began, then every minute while one is
 * under way, and once a day in any case. Harmless at any time, also twice at once.
 */
export const handler = lambdaHandler('sweeper', async (event, { environment, log }) => {
  const { control, config } = environment;
  if (event.from === 'invoke' && parse(sweeperInput, event.input).dryRun) {
    return { ...(await wouldSweep(control)), dryRun: true };
  }
  if (config.SWEEP_SCHEDULE === undefined) {
    throw new PermanentError('SWEEP_SCHEDULE names no schedule: this is not the sweeper', {
      code: 'NO_SWEEP_SCHEDULE',
    });
  }
  const { swept, looked } = await sweepAndLook({
    control,
    queues: sqsQueues(config.QUEUES),
    scheduler,
    sweepSchedule: config.SWEEP_SCHEDULE,
    schedules: schedulesOf(process.env),
    log,
    now: new Date(),
  });
  log.info('swept', { ...swept, ...looked });
  return event.from === 'queue' ? { batchItemFailures: [] } : { ...swept, schedules: looked, dryRun: false };
});
