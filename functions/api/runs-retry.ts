import * as z from 'zod';
import { done, endpoint, noParameters } from '../core/http.ts';
import { retryRun } from '../core/operations.ts';
import { callerOf } from './caller.ts';
import { reasoned } from './reason.ts';
import { orSendWhatWasBefore, sendDue, sendingShape } from './sending.ts';

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
      ...sendingShape,
    })
    .meta({ id: 'RetriedRun' }),
  problems: { 404: ['UNKNOWN_RUN'], 409: ['RUN_NOT_FAILED', 'RUN_ACTIVE', 'RUN_INLINE'] },
  async run({ event, path: { run_id }, body: { reason }, environment, log }) {
    const operator = callerOf(event);
    const queued = await orSendWhatWasBefore(environment, log, () =>
      retryRun(environment.control.sql, run_id, { operator, reason }),
    );
    const { sent, ...sending } = await sendDue(environment, log, { runs: [run_id] });
    log.info('run taken up again', { runId: run_id, operator, queued, sent, unsent: sending.unsent });
    const location = `/api/v1/runs/${run_id}`;
    return done(202, { run_id, queued, location, ...sending }, { location });
  },
});
