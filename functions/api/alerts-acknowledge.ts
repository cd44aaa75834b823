import * as z from 'zod';
import { NotFoundError } from '../core/errors.ts';
import { done, endpoint, noParameters } from '../core/http.ts';
import { alertDocument } from './alert-document.ts';
import { callerOf } from './caller.ts';

const alertId = z.string().regex(/^\d{1,18}$/, 'must be the number of an alert');

/** POST /api/v1/ops/alerts/{alert_id}/acknowledge: answers the alert; a second time changes nothing. */
export const alertsAcknowledge = endpoint({
  method: 'POST',
  route: '/api/v1/ops/alerts/{alert_id}/acknowledge',
  summary: 'Acknowledge an alert',
  query: noParameters,
  path: z.strictObject({ alert_id: alertId.describe('Of the list of alerts.') }),
  answer: alertDocument,
  problems: { 404: ['UNKNOWN_ALERT'] },
  async run({ event, path, environment, log }) {
    const by = callerOf(event);
    const [found] = await environment.control.transaction(async (sql) => {
      await sql`select ops.acknowledge_alert(${path.alert_id}::bigint, ${by})`;
      return sql(alertDocument)`
        select alert_id, type, subject, status, severity, message, cause, action, value, threshold, rule_version, details, opened_as_of,
               last_as_of, week_label, opened_at, updated_at, acknowledged_at, acknowledged_by, resolved_as_of, resolved_at, job_run_id
        from ops.v_alerts where alert_id = ${path.alert_id}::bigint`;
    });
    if (found === undefined) {
      throw new NotFoundError(`there is no alert ${path.alert_id}`, { code: 'UNKNOWN_ALERT' });
    }
    log.info('alert acknowledged', { alertId: found.alert_id, by: found.acknowledged_by });
    return done(200, found);
  },
});
