import * as z from 'zod';
import { type CsvColumn, from } from '../../core/csv.ts';
import { csvAttachment, inlineFlag, snapshot } from '../../core/csv-attachment.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { claimsFilter } from './claims-to-collect-filters.ts';

const columns: readonly CsvColumn[] = [
  { header: 'Driver ID', kind: 'text', sql: 'driver_id' },
  { header: 'Nombre Conductor', kind: 'text', sql: 'driver_name' },
  { header: 'Milestone', kind: 'plain', sql: 'milestone_value' },
  { header: 'Monto Exigible (S/)', kind: 'plain', sql: 'expected_amount' },
  { header: 'Fecha Lead', kind: 'plain', sql: 'lead_date' },
  { header: 'Fecha Vencimiento', kind: 'plain', sql: 'yango_due_date::date' },
  { header: 'Días Vencidos', kind: 'plain', sql: 'days_overdue_yango' },
  { header: 'Bucket Vencimiento', kind: 'word', sql: 'overdue_bucket_yango' },
  { header: 'Estado Pago', kind: 'word', sql: 'yango_payment_status' },
  { header: 'Razón', kind: 'word', sql: 'reason_code' },
  { header: 'Estado Identidad', kind: 'word', sql: 'identity_status' },
  { header: 'Regla Matching', kind: 'word', sql: 'match_rule' },
  { header: 'Confianza Matching', kind: 'word', sql: 'match_confidence' },
  { header: 'Reconciliable', kind: 'flag', sql: 'is_reconcilable_enriched' },
  { header: 'Payment Key', kind: 'text', sql: 'payment_key' },
  { header: 'Fecha Pago Encontrado', kind: 'plain', sql: 'pay_date' },
  { header: 'Driver ID Sugerido', kind: 'text', sql: 'suggested_driver_id' },
  { header: 'Person Key', kind: 'plain', sql: 'person_key' },
];

/** GET what to ask the payer for, as a spreadsheet in the table's order. */
export const claimsToCollectExport = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/claims/export',
  summary: 'Unpaid claims to put to the payer, as CSV',
  query: z.strictObject({ ...claimsFilter, inline: inlineFlag }),
  path: noParameters,
  answer: { csv: columns },
  async run({ event, query, environment }) {
    const maxRows = environment.config.EXPORT_FILE_MAX_ROWS;
    return snapshot(environment, async (sql) => {
      return csvAttachment(
        sql,
        { event, environment },
        {
          columns,
          sources: [
            from`
          ops.claims_to_collect(
            ${query.date_from ?? null}::date, ${query.date_to ?? null}::date, ${query.milestone_value ?? null}::integer, ${query.search ?? null}::text)
          order by days_overdue_yango desc, expected_amount desc, driver_id, milestone_value
          limit ${maxRows}::integer + 1`,
          ],
          name: 'yango_cabinet_claims',
          maxRows,
          inline: query.inline,
        },
      );
    });
  },
});
