import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { inUtc, moment } from '../../core/dates.ts';
import { ConflictError, InputError } from '../../core/errors.ts';
import { done, endpoint, noParameters, word } from '../../core/http.ts';
import {
  type Candidate,
  countRedrivable,
  findRedrivable,
  type Item,
  type RedriveFilter,
  readItems,
  refusalOf,
  startRedrive,
} from '../../core/redrive.ts';
import { instant } from '../../core/wire.ts';
import { callerOf } from '../caller.ts';
import { reasoned } from '../reason.ts';
import { nothingToSend, orSendWhatWasBefore, type Sending, sendDue, sendingShape } from '../sending.ts';

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
    .enum(['READY', 'RETRIED', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'WAITING', 'CANCELLED'])
    .describe(
      'READY: it can be taken up, or its minute in this redrive will come. RETRIED: it was. Else why not; WAITING is in another redrive.',
    ),
  refusal: z
    .string()
    .nullable()
    .describe('Why not as a sentence, with what to do; null of one that is READY or RETRIED.'),
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
      redrive_id: z.guid().nullable().describe('Null of a dry run.'),
      location: z.string().nullable().describe('Where to read how far it is.'),
      rate_per_minute: z.int(),
      matched: z.int().describe('Runs that match, also those beyond `limit`, which the list does not have.'),
      ready: z
        .int()
        .describe('Runs of the list that can be taken up, or wait for their minute in this redrive.'),
      retried: z.int().describe('Runs of the list that were taken up again at once.'),
      runs: z.array(run),
      ...sendingShape,
    })
    .meta({ id: 'StartedRedrive' }),
  problems: { 409: ['NOTHING_TO_REDRIVE'] },
  async run({ event, body: { reason, dryRun, ratePerMinute, ...asked }, environment, log }) {
    const filter = { ...asked, failedFrom: inUtc(asked.failedFrom), failedTo: inUtc(asked.failedTo) };
    checkFilter(filter);
    const { sql } = environment.control;
    const found = await findRedrivable(sql, filter);
    // To count is to look at each of them: only where the list may not be all.
    const matched = found.length < filter.limit ? found.length : await countRedrivable(sql, filter);
    const answer = (redriveId: string | null, runs: readonly Judged[], sending: Sending) =>
      done(200, {
        dry_run: dryRun,
        redrive_id: redriveId,
        location: redriveId === null ? null : `/api/v1/redrives/${redriveId}`,
        rate_per_minute: ratePerMinute,
        matched,
        ready: runs.filter(({ verdict }) => verdict === 'READY').length,
        retried: runs.filter(({ verdict }) => verdict === 'RETRIED').length,
        runs: runs.map(shown),
        ...sending,
      });
    const ready = found.some(isReady);
    if (dryRun && (ready || filter.runs === undefined)) return answer(null, found, nothingToSend);
    if (dryRun) throw nothingToRedrive(found);
    const operator = callerOf(event);
    const begun = await orSendWhatWasBefore(environment, log, async () => {
      if (!ready) throw nothingToRedrive(found);
      const id = await startRedrive(sql, filter, ratePerMinute, { operator, reason });
      if (id === null) throw nothingToRedrive(await lookAgain(sql, found));
      return id;
    });
    const items = await readItems(sql, begun);
    const retried = items.filter(({ verdict }) => verdict === 'RETRIED').map(({ run_id }) => run_id);
    const { sent, ...sending } = await sendDue(environment, log, { runs: retried });
    log.info('redrive started', { redriveId: begun, operator, items: items.length, sent, ...sending });
    return answer(begun, await asTold(sql, found, items), sending);
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

type Judged = Omit<Candidate, 'verdict'> & Parameters<typeof refusalOf>[0];

function isReady({ verdict }: Candidate): boolean {
  return verdict === 'READY';
}

/** Those that were ready when the list was made, as they are now: somebody else may have asked for the same. */
async function lookAgain(sql: Sql, found: readonly Candidate[]): Promise<Candidate[]> {
  const ready = found.filter(isReady).map(({ run_id }) => run_id);
  const now = await findRedrivable(sql, { runs: ready, limit: ready.length });
  return [...now, ...found.filter((each) => !isReady(each))];
}

function nothingToRedrive(found: readonly Candidate[]): ConflictError {
  const sentences = found.map(
    (each) => refusalOf(each) ?? `run ${each.run_id} can be taken up by now: ask again`,
  );
  const underWay = found.flatMap(({ verdict, status, run_id, other_run_id }) => {
    if (verdict === 'ACTIVE') return other_run_id === null ? [] : [other_run_id];
    return status === 'running' ? [run_id] : [];
  });
  return new ConflictError(
    sentences.length === 0
      ? 'no failed run matches: look with dryRun, and at /api/v1/redrives for what somebody else has asked for'
      : sentences.join('; '),
    { code: 'NOTHING_TO_REDRIVE', before: { runs: underWay } },
  );
}

/** The list as the redrive has it: what became of its runs, and of those that were ready and are not in it. */
async function asTold(sql: Sql, found: readonly Candidate[], items: readonly Item[]): Promise<Judged[]> {
  const listed = new Map(found.map((each) => [each.run_id, each]));
  const taken = new Map(items.map((each) => [each.run_id, each]));
  const changed = [
    ...found.filter((each) => isReady(each) && !taken.has(each.run_id)),
    // Failed after the list was made.
    ...items.filter(({ run_id }) => !listed.has(run_id)),
  ].map(({ run_id }) => run_id);
  const now = changed.length === 0 ? [] : await findRedrivable(sql, { runs: changed, limit: changed.length });
  for (const each of now) listed.set(each.run_id, each);
  return [...listed.values()].map((each) => {
    const its = taken.get(each.run_id);
    return its === undefined ? each : { ...each, ...its, verdict: its.verdict ?? 'READY' };
  });
}

function shown(found: Judged) {
  const { run_id, pipeline, kind, as_of, failed_at, error, failed_jobs, verdict } = found;
  return { run_id, pipeline, kind, as_of, failed_at, error, failed_jobs, verdict, refusal: refusalOf(found) };
}
