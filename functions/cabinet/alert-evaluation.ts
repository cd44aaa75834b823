import * as z from 'zod';
import { decided, everything, type JobFigures } from '../core/figures.ts';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { evaluateAlerts } from './alert-statement.ts';
import { cabinetDaily } from './pipeline.ts';

export const input = z.strictObject({});

/**
 * Holds the day's figures against the thresholds in force. A triggered alert is a finding: the command line ends with
 * 1, as it does after a failed check, and with 2 only when the evaluation itself failed.
 */
export const alertEvaluation = /* @__PURE__ */ job({
  name: 'cabinet.alert-evaluation',
  input,
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

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/alert-statement.ts',
  objects: ['ops.v_cabinet_metrics', 'ops.v_alert_rules_in_force'],
  figures: {
    evaluated: everything,
    triggered: decided('TRIGGERED'),
    quiet: decided('QUIET'),
    not_evaluated: decided('NOT_EVALUATED'),
    snapshots_added: { from: 'rows', relation: 'ops.metric_snapshots', where: {} },
    'stats.*': (metric) => ({
      from: 'rows',
      relation: 'ops.metric_snapshots',
      where: { metric, subject: 'cabinet' },
      column: 'value',
    }),
    has_alerts: { from: 'decisions', filter: { decisions: ['TRIGGERED'] }, any: true },
    alerts: decided('TRIGGERED'),
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, alertEvaluation);
