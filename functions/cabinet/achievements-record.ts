import * as z from 'zod';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { recordAchievements } from './achievements-statement.ts';
import { cabinetDaily } from './pipeline.ts';

/** Records each milestone when it is first seen reached. What is recorded stays, whatever would be worked out later. */
export const achievementsRecord = job({
  name: 'cabinet.achievements-record',
  input: z.strictObject({}),
  async run({ asOf, dryRun, sql, jobRunId }) {
    return { report: await recordAchievements(sql, jobRunId, dryRun, asOf) };
  },
});

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, achievementsRecord);
