import * as z from 'zod';
import { NotFoundError } from '../../core/errors.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { instant } from '../../core/wire.ts';
import { readRedrives, redriveShape } from './redrive-document.ts';

const run = z.strictObject({
  run_id: z.guid(),
  as_of: z.iso.date().describe('The business day.'),
  verdict: z
    .enum(['RETRIED', 'UNKNOWN', 'NOT_FAILED', 'INLINE', 'ACTIVE', 'CANCELLED'])
    .nullable()
    .describe('RETRIED, or why it was not when its turn came; null while it waits.'),
  other_run_id: z.guid().nullable().describe('ACTIVE: the run that was under way.'),
  queued: z.int().describe('Jobs that were queued again.'),
  settled_at: instant.nullable(),
  status: z.string().describe('What has become of the run since.'),
});
run.register(z.globalRegistry, { id: 'RedrivenRun' });

/** GET /api/v1/redrives/{redrive_id}: who, why, how far, and each of its runs. */
export const redrivesShow = endpoint({
  method: 'GET',
  route: '/api/v1/redrives/{redrive_id}',
  summary: 'One redrive: who, why, how far, and each of its runs',
  query: noParameters,
  path: z.strictObject({ redrive_id: z.guid().describe('Of the list of redrives, or of what started it.') }),
  answer: z
    .strictObject({
      ...redriveShape,
      items: z.array(run).describe('In the order in which they are taken up.'),
    })
    .meta({ id: 'RedriveWithRuns' }),
  problems: { 404: ['UNKNOWN_REDRIVE'] },
  async run({ event, path: { redrive_id }, environment }) {
    const { sql } = environment.control;
    const [redrive] = await readRedrives(sql, { id: redrive_id, limit: 1 });
    if (redrive === undefined) {
      throw new NotFoundError(`there is no redrive ${redrive_id}`, { code: 'UNKNOWN_REDRIVE' });
    }
    const items = await sql(run)`
      select i.run_id, r.as_of, i.verdict, i.other_run_id, i.queued, i.settled_at, r.status
      from ops.redrive_runs i join ops.runs r using (run_id)
      where i.redrive_id = ${redrive_id}::uuid order by i.position`;
    return ok(event, { ...redrive, items });
  },
});
