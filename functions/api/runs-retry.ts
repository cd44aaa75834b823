import * as z from 'zod';
import { done, endpoint, noParameters } from '../core/http.ts';
import { retryRun } from '../core/operations.ts';
import { sendOutbox } from '../core/outbox.ts';
import { sqsQueues } from '../core/queues.ts';
import { callerOf } from './caller.ts';
import { reasoned } from './reason.ts';

/** POST /api/v1/runs/{run_id}/retry: takes a failed run up again from the jobs that failed, and answers 202. */
export const runsRetry = endpoint({
  method: 'POST',
  route: '/api/v1/runs/{run_id}/retry',
  summary: 'Take a failed run up again, from the jobs that failed',
  description: 'What succeeded stays as it is; the run keeps its id.',
  query: noParameters,
  path: z.strictObject({ run_id: z.guid().describe('Of the list of runs.') }),
  body: reasoned,
  status: 202,
  answer: z
    .strictObject({
      run_id: z.guid(),
      queued: z.int().describe('Jobs that were queued again.'),
      location: z.string().describe('Where to read the run.'),
    })
    .meta({ id: 'RetriedRun' }),
  problems: { 404: ['UNKNOWN_RUN'], 409: ['RUN_NOT_FAILED', 'RUN_ACTIVE', 'RUN_INLINE'] },
  async run({ event, path: { run_id }, body: { reason }, environment, log }) {
    const { control, config } = environment;
    const operator = callerOf(event);
    const queued = await retryRun(control.sql, run_id, { operator, reason });
    const sent = await sendOutbox(control, sqsQueues(config.QUEUES), run_id);
    log.info('run taken up again', { runId: run_id, operator, queued, sent });
    const location = `/api/v1/runs/${run_id}`;
    return done(202, { run_id, queued, location }, { location });
  },
});
