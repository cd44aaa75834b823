import * as z from 'zod';
import { cursor, nextCursor } from '../../core/cursor.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { cursorMeta, limit } from '../page.ts';
import { redriveDocument } from './redrive-document.ts';

/** As the driver writes it, in a year that PostgreSQL has. */
export const createdAt = z.iso.datetime().regex(/^(?!0000)/);

/** GET /api/v1/redrives: newest first. */
export const redrivesList = endpoint({
  method: 'GET',
  route: '/api/v1/redrives',
  summary: 'Redrives, newest first, with how far each is',
  query: z.strictObject({
    status: z.enum(['running', 'finished', 'cancelled']).optional().describe('Only those in it.'),
    limit: limit(200, 50),
    cursor: cursor(z.tuple([createdAt, z.guid()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(redriveDocument) }),
  async run({ event, query, environment }) {
    const [beforeTime, beforeId] = query.cursor ?? [null, null];
    const data = await environment.control.sql(redriveDocument)`
      select redrive_id, status, filter, rate_per_minute, operator, reason, created_at, finished_at,
             runs, waiting, retried, refused, cancelled
      from ops.v_redrives
      where (${query.status ?? null}::text is null or status = ${query.status ?? null}::text)
        and (${beforeTime}::timestamptz is null or created_at < ${beforeTime}::timestamptz
             or (created_at = ${beforeTime}::timestamptz and redrive_id > ${beforeId}::uuid))
      order by created_at desc, redrive_id
      limit ${query.limit}`;
    return ok(event, {
      meta: {
        limit: query.limit,
        returned: data.length,
        next_cursor: nextCursor(data, query.limit, (last) => [last.created_at, last.redrive_id]),
      },
      data,
    });
  },
});
