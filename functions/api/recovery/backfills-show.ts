import * as z from 'zod';
import { NotFoundError } from '../../core/errors.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { instant } from '../../core/wire.ts';
import { backfillShape, readBackfills } from './backfill-document.ts';

const date = z.strictObject({
  as_of: z.iso.date().describe('The business day.'),
  state: z
    .enum(['done', 'pending', 'refused', 'active', 'succeeded', 'failed', 'cancelled'])
    .describe('done: before its turn came. refused: another run of the date is under way, and it waits.'),
  run_id: z
    .uuid()
    .nullable()
    .describe('Its run; of a done one, the run that did it; of a refused one, the other.'),
  error: z.json().describe('What ended its run; null unless it failed.'),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
});
date.register(z.globalRegistry, { id: 'BackfillDate' });

/** GET /api/v1/backfills/{backfill_id}: who, why, how far, and each of its dates. */
export const backfillsShow = endpoint({
  method: 'GET',
  route: '/api/v1/backfills/{backfill_id}',
  summary: 'One backfill: who, why, how far, and each of its dates',
  query: noParameters,
  path: z.strictObject({
    backfill_id: z.guid().describe('Of the list of backfills, or of what started it.'),
  }),
  answer: z
    .strictObject({ ...backfillShape, days: z.array(date).describe('In the order in which they are run.') })
    .meta({ id: 'BackfillWithDates' }),
  problems: { 404: ['UNKNOWN_BACKFILL'] },
  async run({ event, path: { backfill_id }, environment }) {
    const { sql } = environment.control;
    const [backfill] = await readBackfills(sql, { id: backfill_id, limit: 1 });
    if (backfill === undefined) {
      throw new NotFoundError(`there is no backfill ${backfill_id}`, { code: 'UNKNOWN_BACKFILL' });
    }
    const days = await sql(date)`
      select as_of, state, run_id, error, started_at, finished_at
      from ops.v_backfill_dates where backfill_id = ${backfill_id}::uuid order by position`;
    return ok(event, { ...backfill, days });
  },
});
