import * as z from 'zod';
import { money } from '../../core/wire.ts';
import { leadDateFrom, leadDateTo, milestone } from '../lead-filters.ts';

export const claimsFilter = {
  date_from: leadDateFrom,
  date_to: leadDateTo,
  milestone_value: milestone.optional(),
  search: z
    .string()
    .trim()
    .min(1, 'must be a piece of a name or id, of 1 to 100 characters')
    .max(100, 'must be a piece of a name or id, of 1 to 100 characters')
    .regex(/^[^\0]*$/, 'must not hold a NUL character')
    .optional()
    .describe('A piece of a driver’s name or id, in any case; blanks around it do not count.'),
};

/** One claim put to the payer. */
export const claim = z.strictObject({
  claim_key: z.string(),
  driver_id: z.string(),
  person_key: z.guid().nullable(),
  driver_name: z.string().nullable(),
  milestone_value: z.int(),
  lead_date: z.iso.date(),
  expected_amount: money,
  yango_due_date: z.iso.date(),
  days_overdue_yango: z.int(),
  overdue_bucket_yango: z.string(),
  yango_payment_status: z.string(),
  reason_code: z.string().describe('Why it counts as unpaid: docs/cabinet-collections.md.'),
  identity_status: z.string().nullable(),
  match_rule: z.string().nullable(),
  match_confidence: z.string().nullable(),
  is_reconcilable_enriched: z.boolean(),
  payment_key: z.string().nullable(),
  pay_date: z.iso.date().nullable(),
  suggested_driver_id: z.string().nullable().describe('The driver under whom the payer paid this person.'),
  action_priority: z.string(),
});
claim.register(z.globalRegistry, { id: 'ClaimToCollect' });
export type Claim = z.infer<typeof claim>;
