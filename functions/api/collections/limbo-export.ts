import * as z from 'zod';
import type { CsvColumn } from '../../core/csv.ts';
import { csvAttachment } from '../../core/csv-attachment.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { pagesOf } from './cursor-pages.ts';
import { type LimboLead, limboFilter, limboLead } from './limbo-filters.ts';

/** The columns of the view in its order, under their own names. What people typed, phones included, is text. */
const columns: readonly CsvColumn<LimboLead>[] = [
  { header: 'lead_id', kind: 'plain', of: (l) => l.lead_id },
  { header: 'lead_source_pk', kind: 'text', of: (l) => l.lead_source_pk },
  { header: 'lead_date', kind: 'plain', of: (l) => l.lead_date },
  { header: 'week_start', kind: 'plain', of: (l) => l.week_start },
  { header: 'park_phone', kind: 'text', of: (l) => l.park_phone },
  { header: 'asset_plate_number', kind: 'text', of: (l) => l.asset_plate_number },
  { header: 'lead_name', kind: 'text', of: (l) => l.lead_name },
  { header: 'person_key', kind: 'plain', of: (l) => l.person_key },
  { header: 'driver_id', kind: 'text', of: (l) => l.driver_id },
  { header: 'trips_14d', kind: 'plain', of: (l) => l.trips_14d },
  { header: 'window_end_14d', kind: 'plain', of: (l) => l.window_end_14d },
  { header: 'reached_m1_14d', kind: 'flag', of: (l) => l.reached_m1_14d },
  { header: 'reached_m5_14d', kind: 'flag', of: (l) => l.reached_m5_14d },
  { header: 'reached_m25_14d', kind: 'flag', of: (l) => l.reached_m25_14d },
  { header: 'expected_amount_14d', kind: 'plain', of: (l) => l.expected_amount_14d },
  { header: 'has_claim_m1', kind: 'flag', of: (l) => l.has_claim_m1 },
  { header: 'has_claim_m5', kind: 'flag', of: (l) => l.has_claim_m5 },
  { header: 'has_claim_m25', kind: 'flag', of: (l) => l.has_claim_m25 },
  { header: 'limbo_stage', kind: 'plain', of: (l) => l.limbo_stage },
  { header: 'limbo_reason_detail', kind: 'text', of: (l) => l.limbo_reason_detail },
  { header: 'has_generated_claim_m1', kind: 'flag', of: (l) => l.has_generated_claim_m1 },
  { header: 'has_generated_claim_m5', kind: 'flag', of: (l) => l.has_generated_claim_m5 },
  { header: 'has_generated_claim_m25', kind: 'flag', of: (l) => l.has_generated_claim_m25 },
];

/** GET limbo as a spreadsheet. More rows than the limit is a refusal: a file that is silently cut would be believed. */
export const limboExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/limbo/export',
  summary: 'Leads by the stage at which they stand, as CSV',
  query: z.strictObject({
    ...limboFilter,
    limit: wholeNumber(1, 50_000).default(10_000).describe('More rows than this are refused, not cut.'),
  }),
  path: noParameters,
  answer: { csv: columns },
  async run({ event, query, environment }) {
    const maxRows = Math.min(query.limit, environment.config.EXPORT_MAX_ROWS);
    return environment.control.transaction(async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`;
      // One row more than may be is enough to know.
      await sql`
        declare export_leads no scroll cursor for
        select
          lead_id, lead_source_pk, lead_date, week_start, park_phone, asset_plate_number, lead_name, person_key, driver_id,
          trips_14d::integer, window_end_14d::date, reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d,
          has_claim_m1, has_claim_m5, has_claim_m25, limbo_stage, limbo_reason_detail,
          has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
        from ops.limbo_leads(
          ${query.limbo_stage ?? null}::text, ${query.week_start ?? null}::date, ${query.lead_date_from ?? null}::date, ${query.lead_date_to ?? null}::date)
        order by week_start desc, lead_date desc, lead_id
        limit ${maxRows}::integer + 1`;
      return csvAttachment(event, {
        columns,
        pages: pagesOf(() => sql(limboLead)`fetch forward 5000 from export_leads`),
        name: 'cabinet_limbo',
        maxRows,
      });
    });
  },
});
