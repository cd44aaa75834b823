import * as z from 'zod';
import { done, endpoint, noParameters } from '../../core/http.ts';
import { sqsQueues } from '../../core/queues.ts';
import { sweepOnce, wouldSweep } from '../../core/sweep.ts';
import { callerOf } from '../caller.ts';

const body = z
  .strictObject({
    dryRun: z.boolean().default(true).describe('Say what there is to do, and change nothing.'),
  })
  .meta({ examples: [{ dryRun: false }] });

const waiting = z.strictObject({
  dry_run: z.literal(true),
  active: z.int().describe('Runs under way.'),
  silent: z.int().describe('Job runs whose worker gives no sign of life.'),
  unsent: z.int().describe('Messages that were not sent.'),
  redrives: z.int().describe('Redrives that are not through.'),
  backfills: z.int().describe('Backfills that are not through.'),
});
const swept = z.strictObject({
  dry_run: z.literal(false),
  requeued: z.int().describe('Job runs whose worker is dead, queued again.'),
  given_up: z.int().describe('Those whose worker died for the last time.'),
  resent: z.int().describe('Messages that were gone, sent anew.'),
  closed: z.int().describe('Runs that are over now.'),
  active: z.int().describe('Runs, redrives and backfills that are not through.'),
  sent: z.int().describe('Messages that had not been sent.'),
  unsent: z.int().describe('Messages that SQS did not take: sweep again.'),
  released: z.int().describe('Runs that a redrive took up again.'),
  started: z.int().describe('Dates that a backfill began.'),
});

/** POST /api/v1/sweep: what the sweeper does every minute, once and now; harmless at any time. */
export const sweepNow = endpoint({
  method: 'POST',
  route: '/api/v1/sweep',
  summary: 'Bring back at once what a dead worker, a lost message or a crash left behind',
  description: 'What the sweeper does every minute while a run is under way; harmless at any time.',
  query: noParameters,
  path: noParameters,
  body,
  answer: z.union([waiting, swept]).meta({ id: 'Swept' }),
  async run({ event, body: { dryRun }, environment: { control, config }, log }) {
    if (dryRun) return done(200, { dry_run: true, ...(await wouldSweep(control)) });
    const found = await sweepOnce(control, sqsQueues(config.QUEUES));
    const { unsent } = await wouldSweep(control);
    log.info('swept by hand', { operator: callerOf(event), ...found, unsent });
    return done(200, { dry_run: false, ...found, unsent });
  },
});
