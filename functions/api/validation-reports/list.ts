import * as z from 'zod';
import { cursor } from '../../core/cursor.ts';
import { calendarDate } from '../../core/dates.ts';
import { endpoint, noParameters, ok, wholeNumber } from '../../core/http.ts';
import { cursorMeta, cursorPage } from '../page.ts';

const row = z.strictObject({
  run_id: z.guid(),
  job_run_id: z.guid(),
  as_of: z.iso.date(),
  dry_run: z.boolean(),
  finished_at: z.string(),
  all_passed: z.boolean(),
  passed: z.int(),
  warnings: z.int(),
  failed: z.int(),
  informed: z.int(),
  not_evaluated: z.int(),
});

/** GET the validations that ended, newest first; each whole under its run. */
export const validationReports = endpoint({
  method: 'GET',
  route: '/api/v1/ops/validation-reports',
  summary: 'Validations, newest first, with how many checks passed',
  query: z.strictObject({
    as_of: calendarDate.optional().describe('Only validations of that business day.'),
    limit: wholeNumber(1, 200).default(50).describe('Validations on a page.'),
    cursor: cursor(z.tuple([z.iso.datetime({ offset: true }), z.guid()])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({
    meta: cursorMeta,
    data: z.array(row),
  }),
  async run({ event, query, environment }) {
    const [beforeTime, beforeId] = query.cursor ?? [null, null];
    const data = await environment.control.sql(row)`
      select j.run_id, j.job_run_id, r.as_of, r.dry_run, j.finished_at, s.*
      from ops.job_runs j
      join ops.runs r using (run_id)
      cross join lateral json_to_record(j.report) s (
        all_passed boolean, passed integer, warnings integer, failed integer, informed integer, not_evaluated integer)
      where j.job = 'cabinet.validation' and j.status = 'succeeded' and j.report -> 'checks' is not null
        and (${query.as_of ?? null}::date is null or r.as_of = ${query.as_of ?? null}::date)
        and (${beforeTime}::timestamptz is null or j.finished_at < ${beforeTime}::timestamptz
             or j.finished_at = ${beforeTime}::timestamptz and j.job_run_id > ${beforeId}::uuid)
      order by j.finished_at desc, j.job_run_id
      limit ${query.limit}`;
    return ok(event, {
      meta: cursorPage(data, query.limit, (last) => [last.finished_at, last.job_run_id]),
      data,
    });
  },
});
