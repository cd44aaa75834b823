import * as z from 'zod';

/** What the endpoints of the payments have in common: their parameters and the shape of a case. */

const driverRule = 'must be a driver id: 1 to 64 letters, digits, hyphens or underscores';
export const driverId = z.string(driverRule).regex(/^[\w-]{1,64}$/, driverRule);
export const milestoneValue = z
  .enum(['1', '5', '25'], 'must be one of the milestones 1, 5 and 25')
  .transform(Number);

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
  payment_key: z.string(),
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
  classification_evidence: z.string(),
});

export const STATUSES = ['OK', 'ACHIEVED_NOT_PAID', 'PAID_WITHOUT_ACHIEVEMENT', 'NOT_APPLICABLE'] as const;

/** A row of ops.v_cabinet_milestones_reconciled; amounts are decimal strings. */
export const reconciledRow = z.strictObject({
  driver_id: z.string(),
  milestone_value: z.int(),
  achieved_flag: z.boolean().nullable(),
  achieved_person_key: z.string().nullable(),
  achieved_lead_date: z.iso.date().nullable(),
  achieved_date: z.iso.date().nullable(),
  achieved_trips_in_window: z.int().nullable(),
  window_days: z.int().nullable(),
  expected_amount: z.string().nullable(),
  achieved_currency: z.string().nullable(),
  rule_id: z.int().nullable(),
  paid_flag: z.boolean().nullable(),
  paid_person_key: z.string().nullable(),
  pay_date: z.iso.date().nullable(),
  payment_key: z.string().nullable(),
  identity_status: z.string().nullable(),
  match_rule: z.string().nullable(),
  match_confidence: z.string().nullable(),
  latest_snapshot_at: z.string().nullable(),
  reconciliation_status: z.enum(STATUSES),
});

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

/** The parameters that were given, as the caller reads them back. */
export function filtersOf(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).filter(([name, value]) => value !== undefined && name !== 'cursor'),
  );
}
