import * as z from 'zod';
import type { CsvColumn } from '../../core/csv.ts';
import { csvAttachment, earlierFile, inlineFlag, snapshot } from '../../core/csv-attachment.ts';
import { tooManyRows, tooManyRowsInline } from '../../core/csv-file.ts';
import type { Transaction } from '../../core/database.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { DRIVERS, lastRefresh, refreshed, required, tagOf, unchangedSince } from './as-of.ts';
import { driversInOrder } from './export-ranges.ts';
import { argumentsOf, type CobranzaFilter, cobranzaFilter } from './filters.ts';

const columns: readonly CsvColumn[] = [
  { header: 'Driver ID', kind: 'text', sql: 'driver_id' },
  { header: 'Conductor', kind: 'text', sql: 'driver_name' },
  { header: 'Lead Date', kind: 'plain', sql: 'lead_date' },
  { header: 'Semana ISO', kind: 'word', sql: 'iso_week' },
  { header: 'Semana Inicio', kind: 'plain', sql: 'week_start' },
  { header: 'Conectado', kind: 'flag', sql: 'connected_flag' },
  { header: 'Fecha Conexion', kind: 'plain', sql: 'connected_date' },
  { header: 'Viajes 14D', kind: 'plain', sql: 'total_trips_14d' },
  { header: 'M1 Alcanzado', kind: 'flag', sql: 'reached_m1_14d' },
  { header: 'M5 Alcanzado', kind: 'flag', sql: 'reached_m5_14d' },
  { header: 'M25 Alcanzado', kind: 'flag', sql: 'reached_m25_14d' },
  { header: 'Esperado M1 (S/)', kind: 'plain', sql: 'expected_amount_m1' },
  { header: 'Esperado M5 (S/)', kind: 'plain', sql: 'expected_amount_m5' },
  { header: 'Esperado M25 (S/)', kind: 'plain', sql: 'expected_amount_m25' },
  { header: 'Esperado Total (S/)', kind: 'plain', sql: 'expected_total_yango' },
  { header: 'Claim M1 Existe', kind: 'flag', sql: 'claim_m1_exists' },
  { header: 'Claim M1 Pagado', kind: 'flag', sql: 'claim_m1_paid' },
  { header: 'Claim M5 Existe', kind: 'flag', sql: 'claim_m5_exists' },
  { header: 'Claim M5 Pagado', kind: 'flag', sql: 'claim_m5_paid' },
  { header: 'Claim M25 Existe', kind: 'flag', sql: 'claim_m25_exists' },
  { header: 'Claim M25 Pagado', kind: 'flag', sql: 'claim_m25_paid' },
  { header: 'Pagado M1 (S/)', kind: 'plain', sql: 'paid_amount_m1' },
  { header: 'Pagado M5 (S/)', kind: 'plain', sql: 'paid_amount_m5' },
  { header: 'Pagado M25 (S/)', kind: 'plain', sql: 'paid_amount_m25' },
  { header: 'Pagado Total (S/)', kind: 'plain', sql: 'total_paid_yango' },
  { header: 'Deuda (S/)', kind: 'plain', sql: 'amount_due_yango' },
  { header: 'Scout ID', kind: 'plain', sql: 'scout_id' },
  { header: 'Scout Nombre', kind: 'text', sql: 'scout_name' },
  { header: 'Calidad Scout', kind: 'word', sql: 'scout_quality_bucket' },
  { header: 'Scout Fuente', kind: 'word', sql: 'scout_source_table' },
  { header: 'Scout Fecha Atribución', kind: 'plain', sql: 'scout_attribution_date' },
  { header: 'Scout Prioridad', kind: 'plain', sql: 'scout_priority' },
];

/** Below it a file fits into an answer (600 bytes a row; 250 are usual), and nobody need look for an earlier one. */
const MAY_NOT_FIT = 10_000;

/** GET the drivers' standing as a spreadsheet, with the table's filters. */
export const cobranzaExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/export',
  summary: 'What the payer owes per driver, as CSV',
  query: z.strictObject({ ...cobranzaFilter, inline: inlineFlag }),
  path: noParameters,
  answer: { csv: columns },
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const { control, codeVersion } = environment;
    if (query.use_materialized) {
      const unchanged = await unchangedSince(control.sql, DRIVERS, event, codeVersion);
      if (unchanged !== undefined) return unchanged;
    }
    const { inline, ...filter } = query;
    const maxRows = inline ? environment.config.EXPORT_MAX_ROWS : environment.config.EXPORT_FILE_MAX_ROWS;
    return refreshed(() =>
      snapshot(environment, async (sql) => {
        await sql`set local plan_cache_mode = force_custom_plan`;
        const of = filter.use_materialized ? required(await lastRefresh(sql, DRIVERS)) : undefined;
        const rows = await count(sql, filter);
        // A file that nobody can be given is not begun, and one that is there is not written again.
        if (rows > maxRows) throw inline ? tooManyRowsInline(maxRows) : tooManyRows(maxRows);
        const given = {
          columns,
          sources: await driversInOrder(sql, filter, rows),
          name: 'cabinet_financial_14d',
          maxRows,
          rows,
          inline,
          tag: of && tagOf(event, of, codeVersion),
          version: of && JSON.stringify([of, codeVersion, filter]),
        };
        const earlier = rows < MAY_NOT_FIT ? undefined : await earlierFile({ event, environment }, given);
        return earlier ?? csvAttachment(sql, { event, environment }, given);
      }),
    );
  },
});

async function count(sql: Transaction, filter: CobranzaFilter): Promise<number> {
  const f = argumentsOf(filter);
  const [counted] = await sql(z.strictObject({ n: z.int() }))`
    select coalesce(sum(drivers), 0)::integer as n from ops.cabinet_cobranza_totals(
      false, false, ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
      null, ${f.week}::date, null, null)`;
  return counted?.n ?? 0;
}
