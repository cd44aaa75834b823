import * as z from 'zod';
import { type CsvColumn, from } from '../../core/csv.ts';
import { csvAttachment, inlineFlag, snapshot } from '../../core/csv-attachment.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { gapFilters } from '../claims-gap.ts';

/** The table's columns in its order, under their own names. */
const columns: readonly CsvColumn[] = [
  { header: 'lead_id', kind: 'plain', sql: 'lead_id' },
  { header: 'lead_source_pk', kind: 'text', sql: 'lead_source_pk' },
  { header: 'driver_id', kind: 'text', sql: 'driver_id' },
  { header: 'person_key', kind: 'plain', sql: 'person_key' },
  { header: 'lead_date', kind: 'plain', sql: 'lead_date' },
  { header: 'week_start', kind: 'plain', sql: 'week_start' },
  { header: 'milestone_value', kind: 'plain', sql: 'milestone_value' },
  { header: 'trips_14d', kind: 'plain', sql: 'trips_14d' },
  { header: 'milestone_achieved', kind: 'flag', sql: 'milestone_achieved' },
  { header: 'expected_amount', kind: 'plain', sql: 'expected_amount' },
  { header: 'claim_expected', kind: 'flag', sql: 'claim_expected' },
  { header: 'claim_exists', kind: 'flag', sql: 'claim_exists' },
  { header: 'claim_status', kind: 'word', sql: 'claim_status' },
  { header: 'gap_reason', kind: 'word', sql: 'gap_reason' },
];

/** GET the claims gap as a spreadsheet, with the table's filters and order; refused, never cut, above the limit. */
export const claimsGapExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/claims-gap/export',
  summary: 'Expected claims that do not exist, or all of a reason, as CSV',
  query: z.strictObject({
    ...gapFilters,
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
          sources: [
            from`
          ops.v_cabinet_claims_status_14d
          where gap_reason = ${query.gap_reason ?? 'CLAIM_NOT_GENERATED'}
            and (${query.week_start ?? null}::date is null or week_start = ${query.week_start ?? null}::date)
            and (${query.lead_date_from ?? null}::date is null or lead_date >= ${query.lead_date_from ?? null}::date)
            and (${query.lead_date_to ?? null}::date is null or lead_date <= ${query.lead_date_to ?? null}::date)
            and (${query.milestone_value ?? null}::integer is null or milestone_value = ${query.milestone_value ?? null}::integer)
          order by week_start desc, lead_date desc, milestone_value desc, lead_id
          limit ${maxRows}::integer + 1`,
          ],
          name: 'cabinet_claims_gap',
          maxRows,
          inline: query.inline,
        },
      );
    });
  },
});
