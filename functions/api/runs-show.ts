import * as z from 'zod';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { runDocument } from './run-document.ts';

const row = z.strictObject({ run: runDocument });

/** GET /api/v1/runs/{run_id}: the run with its jobs, their attempts and the messages sent. */
export const runsShow = endpoint({
  method: 'GET',
  route: '/api/v1/runs/{run_id}',
  summary: 'One run: trigger, input, jobs, attempts, counters, timings, messages',
  query: noParameters,
  path: z.strictObject({ run_id: z.guid().describe('Of the list of runs, or of what started it.') }),
  answer: runDocument,
  problems: { 404: ['UNKNOWN_RUN'] },
  async run({ event, path, environment }) {
    const [found] = await environment.control.sql(
      row,
    )`select document as run from ops.v_run_documents where run_id = ${path.run_id}::uuid`;
    if (found === undefined)
      throw new NotFoundError(`there is no run ${path.run_id}`, { code: 'UNKNOWN_RUN' });
    return ok(event, found.run);
  },
});
