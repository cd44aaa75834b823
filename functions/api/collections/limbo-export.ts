import * as z from 'zod';
import { type CsvColumn, from } from '../../core/csv.ts';
import { csvAttachment, inlineFlag, snapshot } from '../../core/csv-attachment.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { limboFilter } from './limbo-filters.ts';

/** The columns of the view in its order, under their own names. What people typed, phones included, is text. */
const columns: readonly CsvColumn[] = [
  { header: 'lead_id', kind: 'plain', sql: 'lead_id' },
  { header: 'lead_source_pk', kind: 'text', sql: 'lead_source_pk' },
  { header: 'lead_date', kind: 'plain', sql: 'lead_date' },
  { header: 'week_start', kind: 'plain', sql: 'week_start' },
  { header: 'park_phone', kind: 'text', sql: 'park_phone' },
  { header: 'asset_plate_number', kind: 'text', sql: 'asset_plate_number' },
  { header: 'lead_name', kind: 'text', sql: 'lead_name' },
  { header: 'person_key', kind: 'plain', sql: 'person_key' },
  { header: 'driver_id', kind: 'text', sql: 'driver_id' },
  { header: 'trips_14d', kind: 'plain', sql: 'trips_14d' },
  { header: 'window_end_14d', kind: 'plain', sql: 'window_end_14d::date' },
  { header: 'reached_m1_14d', kind: 'flag', sql: 'reached_m1_14d' },
  { header: 'reached_m5_14d', kind: 'flag', sql: 'reached_m5_14d' },
  { header: 'reached_m25_14d', kind: 'flag', sql: 'reached_m25_14d' },
  { header: 'expected_amount_14d', kind: 'plain', sql: 'expected_amount_14d' },
  { header: 'has_claim_m1', kind: 'flag', sql: 'has_claim_m1' },
  { header: 'has_claim_m5', kind: 'flag', sql: 'has_claim_m5' },
  { header: 'has_claim_m25', kind: 'flag', sql: 'has_claim_m25' },
  { header: 'limbo_stage', kind: 'word', sql: 'limbo_stage' },
  { header: 'limbo_reason_detail', kind: 'text', sql: 'limbo_reason_detail' },
  { header: 'has_generated_claim_m1', kind: 'flag', sql: 'has_generated_claim_m1' },
  { header: 'has_generated_claim_m5', kind: 'flag', sql: 'has_generated_claim_m5' },
  { header: 'has_generated_claim_m25', kind: 'flag', sql: 'has_generated_claim_m25' },
];

/** GET limbo as a spreadsheet. More rows than the limit is a refusal: a file that is silently cut would be believed. */
export const limboExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/limbo/export',
  summary: 'Leads by the stage at which they stand, as CSV',
  query: z.strictObject({
    ...limboFilter,
    limit: wholeNumber(1, 50_000).default(10_000).describe('More rows than this are refused, not cut.'),
    inline: inlineFlag,
  }),
  path: noParameters,
  answer: { csv: columns },
  async run({ event, query, environment }) {
    const maxRows = Math.min(query.limit, environment.config.EXPORT_FILE_MAX_ROWS);
    return snapshot(environment, async (sql) => {
      return csvAttachment(
        sql,
        { event, environment },
        {
          columns,
          source: from`
          ops.limbo_leads(
            ${query.limbo_stage ?? null}::text, ${query.week_start ?? null}::date, ${query.lead_date_from ?? null}::date, ${query.lead_date_to ?? null}::date)
          order by week_start desc, lead_date desc, lead_id
          limit ${maxRows}::integer + 1`,
          name: 'cabinet_limbo',
          maxRows,
          inline: query.inline,
        },
      );
    });
  },
});
