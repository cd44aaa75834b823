import * as z from 'zod';
import { calendarDate, inUtc, moment } from '../core/dates.ts';
import { InputError, type Problem } from '../core/errors.ts';
import { endpoint, flag, noParameters, ok, word } from '../core/http.ts';
import { instant } from '../core/wire.ts';
import { cursorMeta, cursorPage, limit, newestFirst } from './page.ts';

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

/** GET /api/v1/runs: newest first. */
export const runsList = endpoint({
  method: 'GET',
  route: '/api/v1/runs',
  summary: 'Runs, newest first',
  query: z.strictObject({
    pipeline: word().optional().describe('Only runs of it and of its jobs, e.g. `cabinet-daily`.'),
    status: z.enum(['running', 'succeeded', 'failed']).optional().describe('Only those in it.'),
    kind: z.enum(['pipeline', 'job']).optional().describe('Only runs of whole pipelines, or of single jobs.'),
    job: word().optional().describe('Only those that have this job, e.g. `cabinet.validation`.'),
    code: word().optional().describe('Only those that ended with this error, e.g. `WORKER_LOST`.'),
    trigger: word().optional().describe('Only those started so, e.g. `schedule`, `api`, `backfill`.'),
    dry_run: flag().optional().describe('Only dry runs, or none.'),
    as_of: calendarDate.optional().describe('Only those of this business day.'),
    as_of_from: calendarDate.optional().describe('Only those of this business day or later.'),
    as_of_to: calendarDate.optional().describe('Only those of this business day or earlier.'),
    since: moment.optional().describe('Only those that began then or later.'),
    until: moment.optional().describe('Only those that began before then.'),
    limit: limit(200, 50),
    cursor: newestFirst,
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(row) }),
  async run({ event, query, environment }) {
    const [since, until] = [inUtc(query.since), inUtc(query.until)];
    inOrder({ ...query, since, until });
    const [beforeTime, beforeId] = query.cursor ?? [null, null];
    const data = await environment.control.sql(row)`
      select run_id, pipeline, kind, array(select jsonb_object_keys(graph) order by 1) as jobs, as_of, dry_run, trigger_kind,
             status, findings, created_at, finished_at
      from ops.runs
      where (${query.pipeline ?? null}::text is null or pipeline = ${query.pipeline ?? null}::text)
        and (${query.status ?? null}::text is null or status = ${query.status ?? null}::text)
        and (${query.kind ?? null}::text is null or kind = ${query.kind ?? null}::text)
        and (${query.job ?? null}::text is null or graph ? ${query.job ?? null}::text)
        and (${query.code ?? null}::text is null or error ->> 'code' = ${query.code ?? null}::text)
        and (${query.trigger ?? null}::text is null or trigger_kind = ${query.trigger ?? null}::text)
        and (${query.dry_run ?? null}::boolean is null or dry_run = ${query.dry_run ?? null}::boolean)
        and (${query.as_of ?? null}::date is null or as_of = ${query.as_of ?? null}::date)
        and (${query.as_of_from ?? null}::date is null or as_of >= ${query.as_of_from ?? null}::date)
        and (${query.as_of_to ?? null}::date is null or as_of <= ${query.as_of_to ?? null}::date)
        and (${since ?? null}::timestamptz is null or created_at >= ${since ?? null}::timestamptz)
        and (${until ?? null}::timestamptz is null or created_at < ${until ?? null}::timestamptz)
        and (${beforeTime}::timestamptz is null or created_at < ${beforeTime}::timestamptz
             or (created_at = ${beforeTime}::timestamptz and run_id > ${beforeId}::uuid))
      order by created_at desc, run_id
      limit ${query.limit}`;
    return ok(event, {
      meta: cursorPage(data, query.limit, (last) => [last.created_at, last.run_id]),
      data,
    });
  },
});

interface Ranges {
  readonly as_of_from?: string | undefined;
  readonly as_of_to?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** @throws InputError for a range that is backwards: it would find nothing, and look as if there were nothing */
function inOrder({ as_of_from, as_of_to, since, until }: Ranges): void {
  const problems: Problem[] = [];
  if (as_of_from !== undefined && as_of_to !== undefined && as_of_from > as_of_to) {
    problems.push({
      field: 'query.as_of_to',
      value: as_of_to,
      rule: `must not be before as_of_from, ${as_of_from}`,
    });
  }
  if (since !== undefined && until !== undefined && since > until) {
    problems.push({ field: 'query.until', value: until, rule: `must not be before since, ${since}` });
  }
  if (problems.length > 0) throw new InputError(problems);
}
