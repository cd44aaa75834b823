import * as z from 'zod';
import { PermanentError } from './errors.ts';
import { parse } from './input.ts';
import { lambdaHandler } from './lambda.ts';
import { sqsQueues } from './queues.ts';
import { sweep, wouldSweep } from './sweep.ts';
import { sweepSchedule } from './sweep-schedule.ts';

const asked = z.strictObject({ dryRun: z.boolean().default(true) });

/**
 * The net under workers, messages and runs. Woken a minute after a run began, then every minute while one is under
 * way, and once a day in any case. Harmless at any time, also twice at once.
 */
export const handler = lambdaHandler('sweeper', async (event, { environment, log }) => {
  const { control, config } = environment;
  if (event.from === 'invoke' && parse(asked, event.input).dryRun) {
    return { ...(await wouldSweep(control)), dryRun: true };
  }
  if (config.SWEEP_SCHEDULE === undefined) {
    throw new PermanentError('SWEEP_SCHEDULE names no schedule: this is not the sweeper', {
      code: 'NO_SWEEP_SCHEDULE',
    });
  }
  const swept = await sweep(control, sqsQueues(config.QUEUES), sweepSchedule(config.SWEEP_SCHEDULE));
  log.info('swept', swept);
  return event.from === 'queue' ? { batchItemFailures: [] } : { ...swept, dryRun: false };
});
