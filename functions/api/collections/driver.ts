import * as z from 'zod';
import { money } from '../../core/wire.ts';
import { QUALITY_BUCKETS } from './filters.ts';

/** One driver's standing. */
export const driver = z.strictObject({
  driver_id: z.string(),
  driver_name: z.string().nullable(),
  lead_date: z.iso.date().describe('Day 1 of the 14.'),
  iso_week: z.string().describe('Such as 2026-W03.'),
  week_start: z.iso.date(),
  connected_flag: z.boolean(),
  connected_date: z.iso.date().nullable(),
  total_trips_14d: z.int().describe('Trips in the 14 days from lead_date on.'),
  reached_m1_14d: z.boolean(),
  reached_m5_14d: z.boolean(),
  reached_m25_14d: z.boolean(),
  expected_amount_m1: money,
  expected_amount_m5: money,
  expected_amount_m25: money,
  expected_total_yango: money,
  claim_m1_exists: z.boolean(),
  claim_m1_paid: z.boolean(),
  claim_m5_exists: z.boolean(),
  claim_m5_paid: z.boolean(),
  claim_m25_exists: z.boolean(),
  claim_m25_paid: z.boolean(),
  paid_amount_m1: money,
  paid_amount_m5: money,
  paid_amount_m25: money,
  total_paid_yango: money,
  amount_due_yango: money.describe('Expected less paid; soles, as a decimal string.'),
  scout_id: z.int().nullable(),
  scout_name: z.string().nullable(),
  scout_quality_bucket: z.enum(QUALITY_BUCKETS),
  is_scout_resolved: z.boolean(),
  scout_source_table: z.string().nullable(),
  scout_attribution_date: z.iso.date().nullable(),
  scout_priority: z.int().nullable().describe('Of the source that named the scout: 1 is the most trusted.'),
});
driver.register(z.globalRegistry, { id: 'DriverStanding' });
export type Driver = z.infer<typeof driver>;
