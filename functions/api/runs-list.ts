import * as z from 'zod';
import { cursor, nextCursor } from '../core/cursor.ts';
import { calendarDate } from '../core/dates.ts';
import { endpoint, noParameters, ok, wholeNumber } from '../core/http.ts';

const row = z.strictObject({
  run_id: z.uuid(),
  pipeline: z.string(),
  kind: z.enum(['pipeline', 'job']),
  jobs: z.array(z.string()),
  as_of: z.iso.date(),
  dry_run: z.boolean(),
  trigger_kind: z.string(),
  status: z.enum(['running', 'succeeded', 'failed']),
  findings: z.int(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
});

/** GET /api/v1/runs: newest first. */
export const runsList = endpoint({
  method: 'GET',
  route: '/api/v1/runs',
  summary: 'Runs, newest first',
  query: z.strictObject({
    pipeline: z.string().min(1).optional(),
    status: z.enum(['running', 'succeeded', 'failed']).optional(),
    as_of: calendarDate.optional(),
    limit: wholeNumber(1, 200).default(50),
    cursor: cursor(z.tuple([z.string(), z.uuid()])).optional(),
  }),
  path: noParameters,
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
