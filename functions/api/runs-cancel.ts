import * as z from 'zod';
import { done, endpoint, noParameters } from '../core/http.ts';
import { cancelRun } from '../core/operations.ts';
import { callerOf } from './caller.ts';
import { reasoned } from './reason.ts';
import { orSendWhatWasBefore, sendDue, sendingShape } from './sending.ts';

/** POST /api/v1/runs/{run_id}/cancel: ends a run under way; one that is over is refused with how it ended. */
export const runsCancel = endpoint({
  method: 'POST',
  route: '/api/v1/runs/{run_id}/cancel',
  summary: 'End a run that is under way',
  description: 'Whoever is at work on it cannot commit any more; what was committed stays.',
  query: noParameters,
  path: z.strictObject({ run_id: z.guid().describe('Of the list of runs.') }),
  body: reasoned,
  answer: z
    .strictObject({
      run_id: z.guid(),
      status: z.literal('failed'),
      operator: z.string(),
      ...sendingShape,
    })
    .meta({ id: 'CancelledRun' }),
  problems: { 404: ['UNKNOWN_RUN'], 409: ['RUN_OVER'] },
  async run({ event, path: { run_id }, body: { reason }, environment, log }) {
    const operator = callerOf(event);
    await orSendWhatWasBefore(environment, log, () =>
      cancelRun(environment.control.sql, run_id, { operator, reason }),
    );
    // Of a backfill, the next date began with this one's end.
    const { sent, ...sending } = await sendDue(environment, log, { runs: [run_id] });
    log.info('run cancelled', { runId: run_id, operator, sent, unsent: sending.unsent });
    return done(200, { run_id, status: 'failed', operator, ...sending });
  },
});
