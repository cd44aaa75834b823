import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { instant } from '../../core/wire.ts';

export const backfillShape = {
  backfill_id: z.guid(),
  pipeline: z.string(),
  from_date: z.iso.date(),
  to_date: z.iso.date(),
  first: z.enum(['oldest', 'newest']),
  concurrency: z.int(),
  force: z.boolean().describe('Also the dates for which the pipeline had succeeded.'),
  stop_on_failure: z.boolean(),
  input: z.record(z.string(), z.json()).describe('By job.'),
  status: z.enum(['running', 'paused', 'finished', 'cancelled']),
  paused_because: z.string().nullable().describe('What a person said who paused it, or which date failed.'),
  operator: z.string(),
  reason: z.string(),
  code_version: z.string(),
  created_at: instant,
  finished_at: instant.nullable(),
  dates: z.int(),
  done: z.int().describe('Dates that had a run which succeeded before their turn came.'),
  pending: z.int().describe('Dates whose turn has not come.'),
  refused: z.int().describe('Dates that wait because another run of theirs is under way.'),
  active: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
};

/** ops.v_backfills: a backfill with how far it is. */
export const backfillDocument = z.strictObject(backfillShape).meta({ id: 'Backfill' });

export interface BackfillsAsked {
  readonly id?: string;
  readonly pipeline?: string | undefined;
  readonly status?: string | undefined;
  /** Those after this one of a list that is newest first: when it was made, and its id. */
  readonly after?: readonly [createdAt: string, id: string] | undefined;
  readonly limit: number;
}

/** Newest first. */
export function readBackfills(sql: Sql, { id, pipeline, status, after, limit }: BackfillsAsked) {
  const [time, last] = after ?? [null, null];
  return sql(backfillDocument)`
    select backfill_id, pipeline, from_date, to_date, first, concurrency, force, stop_on_failure, input, status, paused_because,
           operator, reason, code_version, created_at, finished_at, dates, done, pending, refused, active, succeeded, failed, cancelled
    from ops.v_backfills
    where (${id ?? null}::uuid is null or backfill_id = ${id ?? null}::uuid)
      and (${pipeline ?? null}::text is null or pipeline = ${pipeline ?? null}::text)
      and (${status ?? null}::text is null or status = ${status ?? null}::text)
      and (${time}::timestamptz is null or created_at < ${time}::timestamptz
           or (created_at = ${time}::timestamptz and backfill_id > ${last}::uuid))
    order by created_at desc, backfill_id
    limit ${limit}`;
}
