import * as z from 'zod';
import { decided, type JobFigures, measured } from '../core/figures.ts';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { recordAchievements } from './achievements-statement.ts';
import { byMilestone } from './milestone-figures.ts';
import { cabinetDaily } from './pipeline.ts';

export const input = z.strictObject({});

/** Records each milestone when it is first seen reached. What is recorded stays, whatever would be worked out later. */
export const achievementsRecord = /* @__PURE__ */ job({
  name: 'cabinet.achievements-record',
  input,
  async run({ asOf, dryRun, sql, jobRunId }) {
    return { report: await recordAchievements(sql, jobRunId, dryRun, asOf) };
  },
});

const achieved = byMilestone('RECORDED', 'WOULD_RECORD');

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/achievements-statement.ts',
  objects: ['ops.v_cabinet_achievements_today'],
  figures: {
    calculated: measured('milestones reached by that day’s calculation', 'ops.v_cabinet_achievements_today'),
    recorded: decided('RECORDED'),
    would_record: decided('WOULD_RECORD'),
    same: measured(
      'recorded before, and worked out the same',
      'ops.v_cabinet_achievements_today',
      'canon.milestone_achievements',
    ),
    would_differ: decided('KEPT'),
    'by_milestone.*.count': achieved.count,
    'by_milestone.*.amount': achieved.amount,
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, achievementsRecord);
