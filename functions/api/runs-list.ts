import * as z from 'zod';
import { cursor, nextCursor } from '../core/cursor.ts';
import { calendarDate } from '../core/dates.ts';
import { endpoint, noParameters, ok, word } from '../core/http.ts';
import { instant } from '../core/wire.ts';
import { cursorMeta, limit } from './page.ts';

const row = z.strictObject({
  run_id: z.guid(),
  pipeline: z.string(),
  kind: z.enum(['pipeline', 'job']),
  jobs: z.array(z.string()),
  as_of: z.iso.date().describe('The business day.'),
  dry_run: z.boolean(),
  trigger_kind: z.string(),
  status: z.enum(['running', 'succeeded', 'failed']),
  findings: z.int().describe('Failed checks and refused rows: results, not failures.'),
  created_at: instant,
  finished_at: instant.nullable(),
});
row.register(z.globalRegistry, { id: 'Run' });

/** As the driver writes it, in a year that PostgreSQL has. */
const createdAt = z.iso.datetime().regex(/^(?!0000)/);

/** GET /api/v1/runs: newest first. */
export const runsList = endpoint({
  method: 'GET',
  route: '/api/v1/runs',
  summary: 'Runs, newest first',
  query: z.strictObject({
    pipeline: word().optional().describe('Only runs of it and of its jobs, e.g. `cabinet-daily`.'),
    status: z.enum(['running', 'succeeded', 'failed']).optional().describe('Only those in it.'),
    as_of: calendarDate.optional().describe('Only those of this business day.'),
    limit: limit(200, 50),
    cursor: cursor(z.tuple([createdAt, z.guid()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(row) }),
  async run({ event, query, environment }) {
    const [beforeTime, beforeId] = query.cursor ?? [null, null];
    const data = await environment.control.sql(row)`
      select run_id, pipeline, kind, array(select jsonb_object_keys(graph) order by 1) as jobs, as_of, dry_run, trigger_kind,
             status, findings, created_at, finished_at
      from ops.runs
      where (${query.pipeline ?? null}::text is null or pipeline = ${query.pipeline ?? null}::text)
        and (${query.status ?? null}::text is null or status = ${query.status ?? null}::text)
        and (${query.as_of ?? null}::date is null or as_of = ${query.as_of ?? null}::date)
        and (${beforeTime}::timestamptz is null or created_at < ${beforeTime}::timestamptz
             or (created_at = ${beforeTime}::timestamptz and run_id > ${beforeId}::uuid))
      order by created_at desc, run_id
      limit ${query.limit}`;
    return ok(event, {
      meta: {
        limit: query.limit,
        returned: data.length,
        next_cursor: nextCursor(data, query.limit, (last) => [last.created_at, last.run_id]),
      },
      data,
    });
  },
});
