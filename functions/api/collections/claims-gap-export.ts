import * as z from 'zod';
import type { CsvColumn } from '../../core/csv.ts';
import { csvAttachment } from '../../core/csv-attachment.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { gap, gapFilters } from '../claims-gap.ts';
import { pagesOf } from './cursor-pages.ts';

/** The table's columns in its order, under their own names. */
const columns: readonly CsvColumn<z.infer<typeof gap>>[] = [
  { header: 'lead_id', kind: 'plain', of: (g) => g.lead_id },
  { header: 'lead_source_pk', kind: 'text', of: (g) => g.lead_source_pk },
  { header: 'driver_id', kind: 'text', of: (g) => g.driver_id },
  { header: 'person_key', kind: 'plain', of: (g) => g.person_key },
  { header: 'lead_date', kind: 'plain', of: (g) => g.lead_date },
  { header: 'week_start', kind: 'plain', of: (g) => g.week_start },
  { header: 'milestone_value', kind: 'plain', of: (g) => g.milestone_value },
  { header: 'trips_14d', kind: 'plain', of: (g) => g.trips_14d },
  { header: 'milestone_achieved', kind: 'flag', of: (g) => g.milestone_achieved },
  { header: 'expected_amount', kind: 'plain', of: (g) => g.expected_amount },
  { header: 'claim_expected', kind: 'flag', of: (g) => g.claim_expected },
  { header: 'claim_exists', kind: 'flag', of: (g) => g.claim_exists },
  { header: 'claim_status', kind: 'plain', of: (g) => g.claim_status },
  { header: 'gap_reason', kind: 'plain', of: (g) => g.gap_reason },
];

/** GET the claims gap as a spreadsheet, with the table's filters and order; refused, never cut, above the limit. */
export const claimsGapExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/claims-gap/export',
  summary: 'Expected claims that do not exist, or all of a reason, as CSV',
  query: z.strictObject({
    ...gapFilters,
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
        declare export_gaps no scroll cursor for
        select
          lead_id, lead_source_pk, driver_id, person_key, lead_date, week_start, milestone_value, trips_14d::integer, milestone_achieved,
          expected_amount, claim_expected, claim_exists, claim_status, gap_reason
        from ops.v_cabinet_claims_status_14d
        where gap_reason = ${query.gap_reason ?? 'CLAIM_NOT_GENERATED'}
          and (${query.week_start ?? null}::date is null or week_start = ${query.week_start ?? null}::date)
          and (${query.lead_date_from ?? null}::date is null or lead_date >= ${query.lead_date_from ?? null}::date)
          and (${query.lead_date_to ?? null}::date is null or lead_date <= ${query.lead_date_to ?? null}::date)
          and (${query.milestone_value ?? null}::integer is null or milestone_value = ${query.milestone_value ?? null}::integer)
        order by week_start desc, lead_date desc, milestone_value desc, lead_id
        limit ${maxRows}::integer + 1`;
      return csvAttachment(event, {
        columns,
        pages: pagesOf(() => sql(gap)`fetch forward 5000 from export_gaps`),
        name: 'cabinet_claims_gap',
        maxRows,
      });
    });
  },
});
