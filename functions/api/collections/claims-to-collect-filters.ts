import * as z from 'zod';
import { calendarDate } from '../../core/dates.ts';

export const claimsFilter = {
  date_from: calendarDate.optional(),
  date_to: calendarDate.optional(),
  milestone_value: z
    .enum(['1', '5', '25'], 'must be one of the milestones 1, 5 and 25')
    .transform(Number)
    .optional(),
  search: z
    .string()
    .trim()
    .min(1, 'must be a piece of a name or id, of 1 to 100 characters')
    .max(100, 'must be a piece of a name or id, of 1 to 100 characters')
    .refine((text) => !text.includes('\0'), 'must not hold a NUL character')
    .optional(),
};

/** One claim put to the payer; amounts in soles as decimal strings. */
export const claim = z.strictObject({
  claim_key: z.string(),
  driver_id: z.string(),
  person_key: z.uuid().nullable(),
  driver_name: z.string().nullable(),
  milestone_value: z.int(),
  lead_date: z.iso.date(),
  expected_amount: z.string(),
  yango_due_date: z.iso.date(),
  days_overdue_yango: z.int(),
  overdue_bucket_yango: z.string(),
  yango_payment_status: z.string(),
  reason_code: z.string(),
  identity_status: z.string().nullable(),
  match_rule: z.string().nullable(),
  match_confidence: z.string().nullable(),
  is_reconcilable_enriched: z.boolean(),
  payment_key: z.string().nullable(),
  pay_date: z.iso.date().nullable(),
  suggested_driver_id: z.string().nullable(),
  action_priority: z.string(),
});
export type Claim = z.infer<typeof claim>;
