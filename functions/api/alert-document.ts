import * as z from 'zod';

/** One alert as the API shows it; values and thresholds are decimal strings. */
export const alertDocument = z.strictObject({
  alert_id: z.string(),
  type: z.string(),
  subject: z.string(),
  status: z.enum(['open', 'acknowledged', 'resolved']),
  severity: z.enum(['info', 'warning', 'error', 'critical']),
  message: z.string(),
  cause: z.string(),
  action: z.string(),
  value: z.string().nullable(),
  threshold: z.string(),
  rule_version: z.int(),
  details: z.record(z.string(), z.json()),
  opened_as_of: z.iso.date(),
  last_as_of: z.iso.date(),
  week_label: z.string(),
  opened_at: z.string(),
  updated_at: z.string(),
  acknowledged_at: z.string().nullable(),
  acknowledged_by: z.string().nullable(),
  resolved_as_of: z.iso.date().nullable(),
  resolved_at: z.string().nullable(),
  job_run_id: z.uuid(),
});
