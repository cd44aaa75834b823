import * as z from 'zod';
import { decimal, instant } from '../core/wire.ts';

/** One alert as the API shows it. */
export const alertDocument = z.strictObject({
  alert_id: z.string(),
  type: z.string(),
  subject: z
    .string()
    .describe('What it is about, e.g. a week or a view; one alert per type and subject is open at a time.'),
  status: z.enum(['open', 'acknowledged', 'resolved']),
  severity: z.enum(['info', 'warning', 'error', 'critical']),
  message: z.string(),
  cause: z.string(),
  action: z.string().describe('What to do, in Spanish, as the message and the cause.'),
  value: decimal.nullable().describe('As last measured.'),
  threshold: decimal,
  rule_version: z.int(),
  details: z.record(z.string(), z.json()),
  opened_as_of: z.iso.date().describe('The first business day on which it held.'),
  last_as_of: z.iso.date().describe('The last one.'),
  week_label: z.string().describe('ISO week of the day on which it opened, such as 2026-W03.'),
  opened_at: instant,
  updated_at: instant,
  acknowledged_at: instant.nullable(),
  acknowledged_by: z.string().nullable(),
  resolved_as_of: z.iso.date().nullable(),
  resolved_at: instant.nullable(),
  job_run_id: z.guid().describe('The job run that evaluated it last.'),
});
alertDocument.register(z.globalRegistry, { id: 'Alert' });
