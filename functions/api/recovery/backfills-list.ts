import * as z from 'zod';
import { cursor, nextCursor } from '../../core/cursor.ts';
import { endpoint, noParameters, ok, word } from '../../core/http.ts';
import { cursorMeta, limit } from '../page.ts';
import { backfillDocument } from './backfill-document.ts';
import { createdAt } from './redrives-list.ts';

/** GET /api/v1/backfills: newest first. */
export const backfillsList = endpoint({
  method: 'GET',
  route: '/api/v1/backfills',
  summary: 'Backfills, newest first, with how far each is',
  query: z.strictObject({
    pipeline: word().optional().describe('Only those of it.'),
    status: z.enum(['running', 'paused', 'finished', 'cancelled']).optional().describe('Only those in it.'),
    limit: limit(200, 50),
    cursor: cursor(z.tuple([createdAt, z.guid()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(backfillDocument) }),
  async run({ event, query, environment }) {
    const [beforeTime, beforeId] = query.cursor ?? [null, null];
    const data = await environment.control.sql(backfillDocument)`
      select backfill_id, pipeline, from_date, to_date, first, concurrency, force, stop_on_failure, input, status, paused_because,
             operator, reason, code_version, created_at, finished_at, dates, done, pending, refused, active, succeeded, failed, cancelled
      from ops.v_backfills
      where (${query.pipeline ?? null}::text is null or pipeline = ${query.pipeline ?? null}::text)
        and (${query.status ?? null}::text is null or status = ${query.status ?? null}::text)
        and (${beforeTime}::timestamptz is null or created_at < ${beforeTime}::timestamptz
             or (created_at = ${beforeTime}::timestamptz and backfill_id > ${beforeId}::uuid))
      order by created_at desc, backfill_id
      limit ${query.limit}`;
    return ok(event, {
      meta: {
        limit: query.limit,
        returned: data.length,
        next_cursor: nextCursor(data, query.limit, (last) => [last.created_at, last.backfill_id]),
      },
      data,
    });
  },
});
