import * as z from 'zod';
import type { CsvColumn } from '../../core/csv.ts';
import { csvAttachment } from '../../core/csv-attachment.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { type Claim, claim, claimsFilter } from './claims-to-collect-filters.ts';
import { pagesOf } from './cursor-pages.ts';

const columns: readonly CsvColumn<Claim>[] = [
  { header: 'Driver ID', kind: 'text', of: (c) => c.driver_id },
  { header: 'Nombre Conductor', kind: 'text', of: (c) => c.driver_name },
  { header: 'Milestone', kind: 'plain', of: (c) => c.milestone_value },
  { header: 'Monto Exigible (S/)', kind: 'plain', of: (c) => c.expected_amount },
  { header: 'Fecha Lead', kind: 'plain', of: (c) => c.lead_date },
  { header: 'Fecha Vencimiento', kind: 'plain', of: (c) => c.yango_due_date },
  { header: 'Días Vencidos', kind: 'plain', of: (c) => c.days_overdue_yango },
  { header: 'Bucket Vencimiento', kind: 'plain', of: (c) => c.overdue_bucket_yango },
  { header: 'Estado Pago', kind: 'plain', of: (c) => c.yango_payment_status },
  { header: 'Razón', kind: 'plain', of: (c) => c.reason_code },
  { header: 'Estado Identidad', kind: 'plain', of: (c) => c.identity_status },
  { header: 'Regla Matching', kind: 'plain', of: (c) => c.match_rule },
  { header: 'Confianza Matching', kind: 'plain', of: (c) => c.match_confidence },
  { header: 'Reconciliable', kind: 'flag', of: (c) => c.is_reconcilable_enriched },
  { header: 'Payment Key', kind: 'text', of: (c) => c.payment_key },
  { header: 'Fecha Pago Encontrado', kind: 'plain', of: (c) => c.pay_date },
  { header: 'Driver ID Sugerido', kind: 'text', of: (c) => c.suggested_driver_id },
  { header: 'Person Key', kind: 'plain', of: (c) => c.person_key },
];

/** GET what to ask the payer for, as a spreadsheet in the table's order. */
export const claimsToCollectExport = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/claims/export',
  summary: 'Unpaid claims to put to the payer, as CSV',
  query: z.strictObject(claimsFilter),
  path: noParameters,
  answer: { csv: columns },
  async run({ event, query, environment }) {
    const maxRows = environment.config.EXPORT_MAX_ROWS;
    return environment.control.transaction(async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`;
      // One row more than may be is enough to know.
      await sql`
        declare export_claims no scroll cursor for
        select
          claim_key, driver_id, person_key, driver_name, milestone_value, lead_date, expected_amount, yango_due_date::date,
          days_overdue_yango, overdue_bucket_yango, yango_payment_status, reason_code, identity_status, match_rule, match_confidence,
          is_reconcilable_enriched, payment_key, pay_date, suggested_driver_id, action_priority
        from ops.claims_to_collect(
          ${query.date_from ?? null}::date, ${query.date_to ?? null}::date, ${query.milestone_value ?? null}::integer, ${query.search ?? null}::text)
        order by days_overdue_yango desc, expected_amount desc, driver_id, milestone_value
        limit ${maxRows}::integer + 1`;
      return csvAttachment(event, {
        columns,
        pages: pagesOf(() => sql(claim)`fetch forward 5000 from export_claims`),
        name: 'yango_cabinet_claims',
        maxRows,
      });
    });
  },
});
