import * as z from 'zod';
import { checkRange, MAX_DAYS, planBackfill, startBackfill } from '../../core/backfill.ts';
import { calendarDate } from '../../core/dates.ts';
import { done, endpoint, noParameters } from '../../core/http.ts';
import { inputByJob } from '../../core/planner.ts';
import { graphFor } from '../../core/start.ts';
import { callerOf } from '../caller.ts';
import { checkInputs, findPipeline } from '../catalog.ts';
import { reasoned } from '../reason.ts';
import { nothingToSend, orSendWhatWasBefore, sendDue, sendingShape } from '../sending.ts';

const body = z
  .strictObject({
    pipeline: z.string().min(1).max(100),
    from: calendarDate.describe('The first business day.'),
    to: calendarDate.describe(
      `The last business day; at most ${MAX_DAYS} days in all, and none in the future.`,
    ),
    order: z.enum(['oldest', 'newest']).default('oldest').describe('Which date comes first.'),
    concurrency: z.int().min(1).max(10).default(1).describe('Dates under way at a time, at most.'),
    force: z.boolean().default(false).describe('Also the dates for which the pipeline has succeeded.'),
    stopOnFailure: z.boolean().default(false).describe('Pause when a date fails, instead of going on.'),
    input: inputByJob.default({}).describe('By job, that job’s own keys; the same for every date.'),
    reason: reasoned.shape.reason,
    dryRun: z.boolean().default(true).describe('Say what would be run, and change nothing.'),
  })
  .meta({
    examples: [
      {
        pipeline: 'cabinet-daily',
        from: '2026-01-05',
        to: '2026-01-09',
        reason: 'The source was loaded late.',
        dryRun: true,
      },
    ],
  });

const date = z.strictObject({
  as_of: z.iso.date(),
  plan: z
    .enum(['run', 'wait', 'skip'])
    .describe('wait: another run of the date is under way. skip: the pipeline has succeeded for it.'),
  run_id: z.guid().nullable().describe('The run that is waited for, or that did it.'),
});
date.register(z.globalRegistry, { id: 'PlannedDate' });

/** POST /api/v1/backfills: a pipeline over a range of dates; a dry run unless told otherwise. */
export const backfillsStart = endpoint({
  method: 'POST',
  route: '/api/v1/backfills',
  summary: 'Run a pipeline over a range of dates, a few at a time',
  description:
    'Says what it would do with each date and, unless it is a dry run, begins. A date is started when one before it has ended; what the pipeline has succeeded for is skipped unless forced.',
  query: noParameters,
  path: noParameters,
  body,
  answer: z
    .strictObject({
      dry_run: z.boolean(),
      backfill_id: z.guid().nullable().describe('Null of a dry run.'),
      location: z.string().nullable().describe('Where to read how far it is.'),
      started: z.int().describe('Dates that are under way now.'),
      ...sendingShape,
      dates: z.array(date).describe('In the order in which they are run, as it stood when this was asked.'),
    })
    .meta({ id: 'StartedBackfill' }),
  problems: { 409: ['BACKFILL_OVERLAPS'] },
  async run({ event, body: { reason, dryRun, pipeline: name, ...request }, environment, log }) {
    const pipeline = findPipeline(name);
    checkRange(request, pipeline, new Date());
    graphFor(pipeline, request.input);
    checkInputs(request.input);
    const { control, codeVersion } = environment;
    const plan = await planBackfill(control.sql, pipeline, request);
    const dates = plan.map(({ as_of, done_by, active_run_id }) => {
      if (done_by !== null && !request.force) return { as_of, plan: 'skip', run_id: done_by };
      return { as_of, plan: active_run_id === null ? 'run' : 'wait', run_id: active_run_id };
    });
    if (dryRun) {
      const nothing = { backfill_id: null, location: null, started: 0, ...nothingToSend };
      return done(200, { dry_run: true, ...nothing, dates });
    }
    const operator = callerOf(event);
    const { backfillId, started } = await orSendWhatWasBefore(environment, log, () =>
      startBackfill(control.sql, pipeline, request, { operator, reason }, codeVersion),
    );
    const { sent, ...sending } = await sendDue(environment, log, { backfill: backfillId });
    log.info('backfill started', { backfillId, started, operator, sent, unsent: sending.unsent });
    const location = `/api/v1/backfills/${backfillId}`;
    return done(200, { dry_run: false, backfill_id: backfillId, location, started, ...sending, dates });
  },
});
