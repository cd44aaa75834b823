/** A data set of a test's own: every file with its header, and the rows that the test gives. */
import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { datasetTables } from '../../infra/local/data/format.ts';
import { type Contents, writeDataset } from './dataset-files.ts';

export type { Contents } from './dataset-files.ts';

/** In a directory that is gone when the test is. */
export async function makeDataset(contents: Contents = {}): Promise<string> {
  const directory = await writeDataset(contents);
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** The header line of a file. */
export function headerOf(file: string): string {
  return datasetTables.find(({ name }) => `${name}.csv` === file)?.columns.join(',') ?? '';
}

// Files and rows that tests of several files speak of.
export const registry = 'canon.identity_registry.csv';
export const leads = 'public.module_ct_cabinet_leads.csv';
export const trips = 'public.summary_daily.csv';
export const claims = 'canon.claims_yango_cabinet_14d.csv';
export const rules = 'ops.partner_payment_rules.csv';

export const ana = '00000000-0000-4000-8000-000000000001';
export const bob = '00000000-0000-4000-8000-000000000002';
export const at = '2026-01-05 10:00:00';
export const person = (key: string) => ({ person_key: key, created_at: at, updated_at: at });
export const claim = (more: Readonly<Record<string, string>>) => ({
  claim_id: '1',
  person_key: ana,
  lead_source_pk: 'a',
  lead_date: '2026-01-05',
  milestone: '1',
  amount_expected: '25.00',
  status: 'expected',
  created_at: `${at}Z`,
  updated_at: `${at}Z`,
  ...more,
});
export const rule = (more: Readonly<Record<string, string>>) => ({
  id: '1',
  origin_tag: 'cabinet',
  window_days: '14',
  milestone_trips: '1',
  amount: '25.00',
  currency: 'PEN',
  valid_from: '2025-11-01',
  is_active: 'true',
  created_at: at,
  updated_at: at,
  ...more,
});
