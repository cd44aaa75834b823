import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';
import { instant, money } from '../core/wire.ts';
import { milestone } from './lead-filters.ts';

/** What the endpoints of the payments have in common: their parameters and the shape of a case. */

const driverRule = 'must be a driver id: 1 to 64 letters, digits, hyphens or underscores';
export const driverId = z
  .string(driverRule)
  .regex(/^[\w-]{1,64}$/, driverRule)
  .describe('The driver, by the fleet’s id.');
export const milestoneValue = milestone;

/** In the order in which they are tried: sql/cabinet/payments/v_cabinet_payment_causes.sql. */
export const CAUSES = [
  'IDENTITY_MISMATCH',
  'WINDOW_MISMATCH',
  'INSUFFICIENT_TRIPS_CONFIRMED',
  'UPSTREAM_OVERPAYMENT',
] as const;

/** A row of ops.v_cabinet_paid_without_achievement. */
export const paidCase = z.strictObject({
  driver_id: z.string(),
  milestone_value: z.int(),
  paid_person_key: z.string().nullable(),
  pay_date: z.iso.date().nullable(),
  payment_key: z.string().describe('The payer’s notice; one may name several milestones.'),
  identity_status: z.enum(['confirmed', 'enriched']),
  match_rule: z.string(),
  match_confidence: z.string(),
  driver_id_original: z.string().nullable(),
  driver_id_enriched: z.string().nullable(),
  person_key_original: z.string().nullable(),
  raw_driver_name: z.string(),
  rule_id: z.int().nullable(),
  rule_window_days: z.int().nullable(),
  rule_valid_from: z.iso.date().nullable(),
  rule_valid_to: z.iso.date().nullable(),
  first_day_in_window: z.iso.date().nullable(),
  last_day_in_window: z.iso.date().nullable(),
  trips_in_window: z.int().nullable(),
  achieved_driver_id: z.string().nullable(),
  classification_cause: z.enum(CAUSES),
  classification_evidence: z.string().describe('Why this cause, in Spanish.'),
});
paidCase.register(z.globalRegistry, { id: 'PaidWithoutAchievement' });

export const STATUSES = ['OK', 'ACHIEVED_NOT_PAID', 'PAID_WITHOUT_ACHIEVEMENT', 'NOT_APPLICABLE'] as const;

/** A row of ops.v_cabinet_milestones_reconciled. */
export const reconciledRow = z.strictObject({
  driver_id: z.string(),
  milestone_value: z.int(),
  achieved_flag: z.boolean().nullable(),
  achieved_person_key: z.string().nullable(),
  achieved_lead_date: z.iso.date().nullable(),
  achieved_date: z.iso.date().nullable(),
  achieved_trips_in_window: z.int().nullable(),
  window_days: z.int().nullable(),
  expected_amount: money.nullable(),
  achieved_currency: z.string().nullable(),
  rule_id: z.int().nullable(),
  paid_flag: z.boolean().nullable(),
  paid_person_key: z.string().nullable(),
  pay_date: z.iso.date().nullable(),
  payment_key: z.string().nullable(),
  identity_status: z.string().nullable(),
  match_rule: z.string().nullable(),
  match_confidence: z.string().nullable(),
  latest_snapshot_at: instant.nullable().describe('When the payer’s word on it was last seen.'),
  reconciliation_status: z.enum(STATUSES),
});
reconciledRow.register(z.globalRegistry, { id: 'ReconciledMilestone' });

/** Why the payer and the trips may differ; shown with every case, none of them a correction to make. */
export const POSSIBLE_EXPLANATIONS = [
  'Lógica propia del upstream.',
  'Ventanas distintas.',
  'Retraso en la llegada de los viajes.',
  'Criterios de negocio distintos.',
  'Pago anticipado.',
  'Cambio de identidad en el tiempo.',
  'Cambio de regla.',
] as const;

/** As the lists answer. */
export const listed = {
  status: z.literal('ok'),
  count: z.int().describe('Rows of this page.'),
  total: z.int().describe('Rows of the whole selection.'),
};

/** By day, on what the endpoint says it is. */
export const dateFrom = calendarDate.optional().describe('Nothing dated before it.');
export const dateTo = calendarDate.optional().describe('Nothing dated after it.');

/** Filters as an answer repeats them: those that were given. */
export const filtersShown = {
  driver_id: z.string().optional(),
  milestone_value: z.int().optional(),
  date_from: z.iso.date().optional(),
  date_to: z.iso.date().optional(),
};
export const pageShown = { limit: z.int(), offset: z.int() };

/** The parameters that were given, as the caller reads them back. */
export function filtersOf(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).filter(([name, value]) => value !== undefined && name !== 'cursor'),
  );
}
