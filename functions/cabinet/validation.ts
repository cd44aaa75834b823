import * as z from 'zod';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { cabinetDaily } from './pipeline.ts';
import { correlate, measure, runChecks } from './validation-statement.ts';

export const input = z.strictObject({});

/**
 * Asks every check of ops.v_cabinet_check_list, keeps each value with the threshold in force, and files a decision per
 * check. The report is the whole validation: GET /api/v1/ops/validation-reports/{run_id} shows it.
 */
export const validation = /* @__PURE__ */ job({
  name: 'cabinet.validation',
  input,
  async run({ sql, asOf, dryRun, runId, jobRunId }) {
    const ids = { asOf, dryRun, runId, jobRunId };
    const { checks, figures, ...counts } = await runChecks(sql, ids);
    const report = {
      as_of: asOf,
      all_passed: counts.failed === 0,
      ...counts,
      checks,
      figures,
      correlation: await correlate(sql),
      performance: await measure(sql, ids),
    };
    return { report, findings: counts.failed };
  },
});

export { figures } from './validation-figures.ts';

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, validation);
