import * as z from 'zod';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { cursorMeta, cursorPage, limit, newestFirst } from '../page.ts';
import { readRedrives, redriveDocument } from './redrive-document.ts';

/** GET /api/v1/redrives: newest first. */
export const redrivesList = endpoint({
  method: 'GET',
  route: '/api/v1/redrives',
  summary: 'Redrives, newest first, with how far each is',
  query: z.strictObject({
    status: z.enum(['running', 'finished', 'cancelled']).optional().describe('Only those in it.'),
    limit: limit(200, 50),
    cursor: newestFirst,
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(redriveDocument) }),
  async run({ event, query, environment }) {
    const { cursor: after, ...asked } = query;
    const data = await readRedrives(environment.control.sql, { ...asked, after });
    const meta = cursorPage(data, query.limit, (last) => [last.created_at, last.redrive_id]);
    return ok(event, { meta, data });
  },
});
