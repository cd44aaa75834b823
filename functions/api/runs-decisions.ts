import * as z from 'zod';
import { cursor } from '../core/cursor.ts';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, ok, word } from '../core/http.ts';
import { cursorMeta, cursorPage, limit } from './page.ts';

const row = z.strictObject({
  decision_id: z.string(),
  job: z.string(),
  subject: z.string().describe('What was judged, e.g. `lead:792/M1`.'),
  decision: z.string(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  evidence: z.json().describe('What the decision rests on; its keys depend on the decision.'),
});
row.register(z.globalRegistry, { id: 'Decision' });

/** GET /api/v1/runs/{run_id}/decisions: everything that the run judged, in the order in which it did. */
export const runsDecisions = endpoint({
  method: 'GET',
  route: '/api/v1/runs/{run_id}/decisions',
  summary: 'What a run decided, why, and on what evidence',
  query: z.strictObject({
    job: word().optional().describe('Only those of this job, e.g. `cabinet.claims-reconcile`.'),
    decision: word().optional().describe('Only those so decided, e.g. `INSERTED`.'),
    reason: word().optional().describe('Only those for this reason.'),
    limit: limit(1000, 100),
    cursor: cursor(z.tuple([z.string().regex(/^\d{1,18}$/)])).optional(),
  }),
  path: z.strictObject({ run_id: z.guid().describe('Of the list of runs, or of what started it.') }),
  answer: z.strictObject({ meta: cursorMeta, data: z.array(row) }),
  problems: { 404: ['UNKNOWN_RUN'] },
  async run({ event, query, path, environment }) {
    const known = await environment.control.sql(
      z.strictObject({ run_id: z.guid() }),
    )`select run_id from ops.runs where run_id = ${path.run_id}::uuid`;
    if (known.length === 0)
      throw new NotFoundError(`there is no run ${path.run_id}`, { code: 'UNKNOWN_RUN' });
    const data = await environment.control.sql(row)`
      select d.decision_id, j.job, d.subject, d.decision, d.reason, d.detail, d.evidence
      from ops.decisions d join ops.job_runs j using (job_run_id)
      where j.run_id = ${path.run_id}::uuid
        and (${query.job ?? null}::text is null or j.job = ${query.job ?? null}::text)
        and (${query.decision ?? null}::text is null or d.decision = ${query.decision ?? null}::text)
        and (${query.reason ?? null}::text is null or d.reason = ${query.reason ?? null}::text)
        and d.decision_id > ${query.cursor?.[0] ?? '0'}::bigint
      order by d.decision_id
      limit ${query.limit}`;
    return ok(event, {
      meta: cursorPage(data, query.limit, (last) => [last.decision_id]),
      data,
    });
  },
});
