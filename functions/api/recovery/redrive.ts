import * as z from 'zod';
import { inUtc, moment } from '../../core/dates.ts';
import { ConflictError, InputError } from '../../core/errors.ts';
import { done, endpoint, noParameters, word } from '../../core/http.ts';
import { sendOutbox } from '../../core/outbox.ts';
import { sqsQueues } from '../../core/queues.ts';
import {
  type Candidate,
  findRedrivable,
  type RedriveFilter,
  refusalOf,
  startRedrive,
} from '../../core/redrive.ts';
import { instant } from '../../core/wire.ts';
import { callerOf } from '../caller.ts';
import { reasoned } from '../reason.ts';

const body = z
  .strictObject({
    runs: z
      .array(z.guid())
      .min(1)
      .max(100)
      .optional()
      .describe('These runs, instead of those that the filter finds.'),
    pipeline: word().optional().describe('Only runs of it and of its jobs.'),
    job: word().optional().describe('Only runs in which this job failed.'),
    code: word().optional().describe('Only runs in which a job failed with this code, e.g. `WORKER_LOST`.'),
    failedFrom: moment.optional().describe('Only runs that failed then or later.'),
    failedTo: moment.optional().describe('Only runs that failed before then.'),
    limit: z.int().min(1).max(1000).default(100).describe('Runs, at most; the oldest dates come first.'),
    ratePerMinute: z.int().min(1).max(600).default(10).describe('Runs taken up in one minute, at most.'),
    reason: reasoned.shape.reason,
    dryRun: z.boolean().default(true).describe('Say which runs it would be, and change nothing.'),
  })
  .meta({
    examples: [
      { pipeline: 'cabinet-daily', code: 'WORKER_LOST', reason: 'The database is back.', dryRun: true },
    ],
  });

const run = z.strictObject({
  run_id: z.guid(),
  pipeline: z.string().nullable().describe('Null of a run that does not exist.'),
  kind: z.string().nullable(),
  as_of: z.iso.date().nullable().describe('The business day.'),
  failed_at: instant.nullable(),
  error: z.json().describe('What ended the run.'),
  failed_jobs: z.json().describe('Job runs that failed, or were skipped for one that did.'),
  verdict: z
    .enum(['READY', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'WAITING'])
    .describe('READY, or why it cannot be taken up.'),
  refusal: z.string().nullable().describe('The same as a sentence, with what to do; null of a READY one.'),
});
run.register(z.globalRegistry, { id: 'RedrivableRun' });

/** POST /api/v1/redrive: failed runs taken up again with their ids, by a filter, a few a minute; a dry run unless told otherwise. */
export const redriveStart = endpoint({
  method: 'POST',
  route: '/api/v1/redrive',
  summary: 'Take failed runs up again, by a filter and a few a minute',
  description:
    'Says which runs match and, unless it is a dry run, takes those that are READY up again, with their ids, from the jobs that failed: as many as one minute may have at once, the rest minute by minute.',
  query: noParameters,
  path: noParameters,
  body,
  answer: z
    .strictObject({
      dry_run: z.boolean(),
      redrive_id: z.guid().nullable().describe('Null of a dry run, and when nothing is ready.'),
      location: z.string().nullable().describe('Where to read how far it is.'),
      rate_per_minute: z.int(),
      ready: z.int().describe('Runs of the list that can be taken up.'),
      runs: z.array(run),
    })
    .meta({ id: 'StartedRedrive' }),
  problems: { 409: ['NOTHING_TO_REDRIVE'] },
  async run({ event, body: { reason, dryRun, ratePerMinute, ...asked }, environment, log }) {
    const filter = { ...asked, failedFrom: inUtc(asked.failedFrom), failedTo: inUtc(asked.failedTo) };
    checkFilter(filter);
    const { control, config } = environment;
    const found = await findRedrivable(control.sql, filter);
    const ready = found.filter(({ verdict }) => verdict === 'READY').length;
    if (filter.runs !== undefined && ready === 0) {
      const sentences = found.map((each) => refusalOf(each)).join('; ');
      throw new ConflictError(sentences, { code: 'NOTHING_TO_REDRIVE' });
    }
    const operator = callerOf(event);
    const redriveId = dryRun
      ? null
      : await startRedrive(control.sql, filter, ratePerMinute, { operator, reason });
    if (redriveId !== null) {
      const sent = await sendOutbox(control, sqsQueues(config.QUEUES), null);
      log.info('redrive started', { redriveId, operator, ready, sent });
    }
    return done(200, {
      dry_run: dryRun,
      redrive_id: redriveId,
      location: redriveId === null ? null : `/api/v1/redrives/${redriveId}`,
      rate_per_minute: ratePerMinute,
      ready,
      runs: found.map(shown),
    });
  },
});

function checkFilter({ runs, pipeline, job, code, failedFrom, failedTo }: RedriveFilter): void {
  if (runs !== undefined) {
    const others = Object.entries({ pipeline, job, code, failedFrom, failedTo });
    const given = others.filter(([, value]) => value !== undefined);
    if (given.length === 0) return;
    const rule = 'cannot be given with runs, which name what is to be taken up';
    throw new InputError(given.map(([name, value]) => ({ field: `body.${name}`, value, rule })));
  }
  if (failedFrom === undefined || failedTo === undefined || failedFrom < failedTo) return;
  const rule = `must be after failedFrom, ${failedFrom}`;
  throw new InputError([{ field: 'body.failedTo', value: failedTo, rule }]);
}

function shown(found: Candidate) {
  const { run_id, pipeline, kind, as_of, failed_at, error, failed_jobs, verdict } = found;
  return { run_id, pipeline, kind, as_of, failed_at, error, failed_jobs, verdict, refusal: refusalOf(found) };
}
