import * as z from 'zod';
import { cursor } from '../core/cursor.ts';
import { endpoint, flag, noParameters, ok } from '../core/http.ts';
import { alertDocument } from './alert-document.ts';
import { cursorMeta, cursorPage, limit } from './page.ts';

const weekLabel = z
  .string()
  .regex(/^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/, 'must be an ISO week such as 2026-W03')
  .refine(isWeek, 'must be an ISO week that its year has');

/** GET /api/v1/ops/alerts: newest first. With a week, the alerts that held on some day of it. */
export const alertsList = endpoint({
  method: 'GET',
  route: '/api/v1/ops/alerts',
  summary: 'Alerts, newest first',
  query: z.strictObject({
    severity: z.enum(['info', 'warning', 'error', 'critical']).optional().describe('Only those of it.'),
    acknowledged: flag().optional().describe('Only those that somebody acknowledged, or only the others.'),
    week_label: weekLabel.optional().describe('ISO week: the alerts that held on some day of it.'),
    limit: limit(200, 20),
    cursor: cursor(z.tuple([z.string().regex(/^\d{1,18}$/)])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({ meta: cursorMeta, data: z.array(alertDocument) }),
  async run({ event, query, environment }) {
    const [before] = query.cursor ?? [null];
    const data = await environment.control.sql(alertDocument)`
      select alert_id, type, subject, status, severity, message, cause, action, value, threshold, rule_version, details, opened_as_of,
             last_as_of, week_label, opened_at, updated_at, acknowledged_at, acknowledged_by, resolved_as_of, resolved_at, job_run_id
      from ops.v_alerts
      where (${before}::bigint is null or alert_id < ${before}::bigint)
        and (${query.severity ?? null}::text is null or severity = ${query.severity ?? null}::text::ops.alert_severity)
        and (${query.acknowledged ?? null}::boolean is null or (acknowledged_at is not null) = ${query.acknowledged ?? null}::boolean)
        and (${query.week_label ?? null}::text is null
             or (opened_as_of < to_date(${query.week_label ?? null}::text, 'IYYY-"W"IW') + 7
                 and last_as_of >= to_date(${query.week_label ?? null}::text, 'IYYY-"W"IW')))
      order by alert_id desc
      limit ${query.limit}`;
    return ok(event, {
      meta: cursorPage(data, query.limit, (last) => [last.alert_id]),
      data,
    });
  },
});

/** Of weeks 1 to 53: the last one is of a year that begins or ends on a Thursday. */
function isWeek(label: string): boolean {
  const [year, week] = [Number(label.slice(0, 4)), Number(label.slice(6))];
  const thursday = (date: string) => new Date(`${label.slice(0, 4)}-${date}T00:00:00Z`).getUTCDay() === 4;
  return year > 0 && (week <= 52 || thursday('01-01') || thursday('12-31'));
}
