import * as z from 'zod';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { evaluateAlerts } from './alert-statement.ts';
import { cabinetDaily } from './pipeline.ts';

/**
 * Holds the day's figures against the thresholds in force. A triggered alert is a finding: the command line ends with
 * 1, as it does after a failed check, and with 2 only when the evaluation itself failed.
 */
export const alertEvaluation = job({
  name: 'cabinet.alert-evaluation',
  input: z.strictObject({}),
  async run({ sql, asOf, dryRun, jobRunId }) {
    // Evaluations take turns, also of different dates: the later one has to see what the other opened.
    // Any number that no one else locks; these are the letters "alerts".
    await sql`select pg_advisory_xact_lock(x'616c65727473'::bigint)`;
    const { alerts, ...figures } = await evaluateAlerts(sql, { asOf, dryRun, jobRunId });
    return {
      report: { ...figures, has_alerts: alerts.length > 0, alerts },
      findings: alerts.length,
    };
  },
});

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, alertEvaluation);
