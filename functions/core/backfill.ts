import * as z from 'zod';
import { json, type Sql } from './database.ts';
import { dateIn } from './dates.ts';
import { ConflictError, InputError, NotFoundError, type Problem } from './errors.ts';
import type { JsonObject } from './job.ts';
import type { Operator } from './operations.ts';
import { type Pipeline, wakeOf } from './pipeline.ts';
import { graphFor } from './start.ts';

/** A little more than a year: what is more is asked for in parts, each of which somebody has looked at. */
export const MAX_DAYS = 366;

export interface Range {
  readonly from: string;
  readonly to: string;
}

export interface BackfillRequest extends Range {
  readonly order: 'oldest' | 'newest';
  /** Dates under way at a time, at most. */
  readonly concurrency: number;
  /** Also the dates for which the pipeline has succeeded. */
  readonly force: boolean;
  readonly stopOnFailure: boolean;
  /** By job, that job's own keys. */
  readonly input: Readonly<Record<string, JsonObject>>;
}

/** @throws InputError for a range that is backwards, too long, or not over */
export function checkRange({ from, to }: Range, { timeZone }: Pick<Pipeline, 'timeZone'>, now: Date): void {
  const problems: Problem[] = [];
  const today = dateIn(timeZone, now);
  if (from > to) problems.push({ field: 'body.to', value: to, rule: `must not be before from, ${from}` });
  for (const [field, value] of Object.entries({ from, to })) {
    if (value <= today) continue;
    const rule = `must not be in the future: today is ${today} in ${timeZone}`;
    problems.push({ field: `body.${field}`, value, rule });
  }
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  if (days > MAX_DAYS) {
    const rule = `must be at most ${MAX_DAYS} days from ${from} on, and these are ${days}: ask for them in parts`;
    problems.push({ field: 'body.to', value: to, rule });
  }
  if (problems.length > 0) throw new InputError(problems);
}

const planned = z.strictObject({
  as_of: z.iso.date(),
  done_by: z.guid().nullable(),
  active_run_id: z.guid().nullable(),
});
export type PlannedDate = z.infer<typeof planned>;

/** In the order in which they would be run. Changes nothing. */
export function planBackfill(
  sql: Sql,
  pipeline: Pipeline,
  { from, to, order }: BackfillRequest,
): Promise<PlannedDate[]> {
  return sql(planned)`
    select as_of, done_by, active_run_id
    from ops.plan_backfill(${pipeline.name}, ${from}::date, ${to}::date, ${order === 'newest'})`;
}

const started = z.strictObject({
  verdict: z.enum(['STARTED', 'OVERLAPS']),
  backfill_id: z.guid(),
  started: z.int(),
});

/** @throws ConflictError BACKFILL_OVERLAPS; InputError for a job that the pipeline does not have */
export async function startBackfill(
  sql: Sql,
  pipeline: Pipeline,
  request: BackfillRequest,
  { operator, reason }: Operator,
  codeVersion: string,
): Promise<{ readonly backfillId: string; readonly started: number }> {
  const { from, to, order, concurrency, force, stopOnFailure, input } = request;
  const [row] = await sql(started)`
    select verdict, backfill_id, started from ops.start_backfill(
      ${pipeline.name}, ${from}::date, ${to}::date, ${order === 'newest'}, ${concurrency}, ${force}, ${stopOnFailure},
      ${json(input)}, ${json(graphFor(pipeline, input))}, ${wakeOf(pipeline)}, ${codeVersion}, ${operator}, ${reason})`;
  if (row === undefined) throw new Error('ops.start_backfill returned nothing');
  if (row.verdict === 'OVERLAPS') {
    throw new ConflictError(
      `backfill ${row.backfill_id} of ${pipeline.name} is not over and has some of these dates: wait for it, or cancel it first`,
      { code: 'BACKFILL_OVERLAPS', before: { backfill: row.backfill_id } },
    );
  }
  return { backfillId: row.backfill_id, started: row.started };
}

const STEPS = {
  pause: { to: 'paused', code: 'BACKFILL_PAUSED', already: 'is paused already: resume it or leave it' },
  resume: { to: 'running', code: 'BACKFILL_RUNNING', already: 'is running: there is nothing to resume' },
  cancel: { to: 'cancelled', code: 'BACKFILL_OVER', already: 'is cancelled already' },
} as const;
export type Step = keyof typeof STEPS;

const steered = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.enum(['DONE', 'ALREADY', 'OVER']), status: z.string(), started: z.int() }),
  z.strictObject({ verdict: z.literal('UNKNOWN'), status: z.null(), started: z.int() }),
]);

/** @throws NotFoundError UNKNOWN_BACKFILL; ConflictError BACKFILL_PAUSED, BACKFILL_RUNNING, BACKFILL_OVER */
export async function steerBackfill(
  sql: Sql,
  backfillId: string,
  step: Step,
  { operator, reason }: Operator,
): Promise<{ readonly status: string; readonly started: number }> {
  const { to, code, already } = STEPS[step];
  const [row] = await sql(steered)`
    select verdict, status, started from ops.steer_backfill(${backfillId}::uuid, ${to}, ${operator}, ${reason})`;
  if (row === undefined) throw new Error('ops.steer_backfill returned nothing');
  switch (row.verdict) {
    case 'DONE':
      return { status: row.status, started: row.started };
    case 'UNKNOWN':
      throw new NotFoundError(`there is no backfill ${backfillId}`, { code: 'UNKNOWN_BACKFILL' });
    case 'ALREADY':
      throw new ConflictError(`backfill ${backfillId} ${already}`, {
        code,
        before: { backfill: backfillId },
      });
    case 'OVER':
      throw new ConflictError(`backfill ${backfillId} is ${row.status}: start another for what is left`, {
        code: 'BACKFILL_OVER',
      });
  }
}
