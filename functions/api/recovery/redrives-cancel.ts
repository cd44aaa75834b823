import * as z from 'zod';
import { done, endpoint, noParameters } from '../../core/http.ts';
import { cancelRedrive } from '../../core/redrive.ts';
import { callerOf } from '../caller.ts';
import { reasoned } from '../reason.ts';

/** POST /api/v1/redrives/{redrive_id}/cancel: takes up no more of it. */
export const redrivesCancel = endpoint({
  method: 'POST',
  route: '/api/v1/redrives/{redrive_id}/cancel',
  summary: 'Take up no more runs of a redrive',
  description: 'What was taken up goes on: cancel those runs one by one.',
  query: noParameters,
  path: z.strictObject({ redrive_id: z.guid().describe('Of the list of redrives.') }),
  body: reasoned,
  answer: z
    .strictObject({
      redrive_id: z.guid(),
      status: z.literal('cancelled'),
      kept_back: z.int().describe('Runs that stay as they are.'),
    })
    .meta({ id: 'CancelledRedrive' }),
  problems: { 404: ['UNKNOWN_REDRIVE'], 409: ['REDRIVE_OVER'] },
  async run({ event, path: { redrive_id }, body: { reason }, environment, log }) {
    const operator = callerOf(event);
    const kept_back = await cancelRedrive(environment.control.sql, redrive_id, { operator, reason });
    log.info('redrive cancelled', { redriveId: redrive_id, operator, keptBack: kept_back });
    return done(200, { redrive_id, status: 'cancelled', kept_back });
  },
});
