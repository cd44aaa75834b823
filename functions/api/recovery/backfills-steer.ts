import * as z from 'zod';
import { type Step, steerBackfill } from '../../core/backfill.ts';
import { done, endpoint, noParameters } from '../../core/http.ts';
import { callerOf } from '../caller.ts';
import { reasoned } from '../reason.ts';
import { nothingToSend, orSendWhatWasBefore, sendDue, sendingShape } from '../sending.ts';

const answer = z
  .strictObject({
    backfill_id: z.guid(),
    status: z.enum(['running', 'paused', 'finished', 'cancelled']),
    started: z.int().describe('Dates that were begun at once.'),
    ...sendingShape,
  })
  .meta({ id: 'SteeredBackfill' });

function steer(step: Step, summary: string, description: string, conflicts: readonly string[]) {
  return endpoint({
    method: 'POST',
    route: `/api/v1/backfills/{backfill_id}/${step}`,
    summary,
    description,
    query: noParameters,
    path: z.strictObject({ backfill_id: z.guid().describe('Of the list of backfills.') }),
    body: reasoned,
    answer,
    problems: { 404: ['UNKNOWN_BACKFILL'], 409: conflicts },
    async run({ event, path: { backfill_id }, body: { reason }, environment, log }) {
      const operator = callerOf(event);
      const steered = await orSendWhatWasBefore(environment, log, () =>
        steerBackfill(environment.control.sql, backfill_id, step, { operator, reason }),
      );
      const { sent, ...sending } =
        step === 'resume'
          ? await sendDue(environment, log, { backfill: backfill_id })
          : { sent: 0, ...nothingToSend };
      const { unsent } = sending;
      log.info(`backfill: ${step}`, { backfillId: backfill_id, operator, ...steered, sent, unsent });
      return done(200, { backfill_id, ...steered, ...sending });
    },
  });
}

/** POST /api/v1/backfills/{backfill_id}/pause, /resume and /cancel. */
export const backfillsSteer = [
  steer('pause', 'Begin no more dates of a backfill for now', 'What is under way goes on.', [
    'BACKFILL_PAUSED',
    'BACKFILL_OVER',
  ]),
  steer(
    'resume',
    'Go on with a backfill that is paused',
    'Dates that have failed meanwhile are accepted as failed: take their runs up again by themselves.',
    ['BACKFILL_RUNNING', 'BACKFILL_OVER'],
  ),
  steer(
    'cancel',
    'Begin no more dates of a backfill, ever',
    'What is under way goes on: cancel those runs one by one.',
    ['BACKFILL_OVER'],
  ),
];
