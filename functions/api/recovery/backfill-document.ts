import * as z from 'zod';
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
