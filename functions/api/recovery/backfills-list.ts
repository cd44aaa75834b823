import * as z from 'zod';
import { endpoint, noParameters, ok, word } from '../../core/http.ts';
import { cursorMeta, cursorPage, limit, newestFirst } from '../page.ts';
import { backfillDocument, readBackfills } from './backfill-document.ts';

/** GET /api/v1/backfills: newest first. */
export const backfillsList = endpoint({
  method: 'GET',
  route: '/api/v1/backfills',
  summary: 'Backfills, newest first, with how far each is',
  query: z.strictObject({
    pipeline: word().optional().describe('Only those of it.'),
    status: z.enum(['running', 'paused', 'finished', 'cancelled']).optional().describe('Only those in it.'),
    limit: limit(200, 50),
    cursor: newestFirst,
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(backfillDocument) }),
  async run({ event, query, environment }) {
    const { cursor: after, ...asked } = query;
    const data = await readBackfills(environment.control.sql, { ...asked, after });
    const meta = cursorPage(data, query.limit, (last) => [last.created_at, last.backfill_id]);
    return ok(event, { meta, data });
  },
});
