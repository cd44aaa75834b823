import * as z from 'zod';
import type { CsvColumn } from '../../core/csv.ts';
import { csvAttachment, tooManyRows } from '../../core/csv-attachment.ts';
import type { Transaction } from '../../core/database.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { lastRefresh, refreshed, required, tagOf, unchangedSince } from './as-of.ts';
import { pagesOf } from './cursor-pages.ts';
import { type Driver, driver } from './driver.ts';
import { argumentsOf, type CobranzaFilter, cobranzaFilter } from './filters.ts';

const columns: readonly CsvColumn<Driver>[] = [
  { header: 'Driver ID', kind: 'text', of: (d) => d.driver_id },
  { header: 'Conductor', kind: 'text', of: (d) => d.driver_name },
  { header: 'Lead Date', kind: 'plain', of: (d) => d.lead_date },
  { header: 'Semana ISO', kind: 'plain', of: (d) => d.iso_week },
  { header: 'Semana Inicio', kind: 'plain', of: (d) => d.week_start },
  { header: 'Conectado', kind: 'flag', of: (d) => d.connected_flag },
  { header: 'Fecha Conexion', kind: 'plain', of: (d) => d.connected_date },
  { header: 'Viajes 14D', kind: 'plain', of: (d) => d.total_trips_14d },
  { header: 'M1 Alcanzado', kind: 'flag', of: (d) => d.reached_m1_14d },
  { header: 'M5 Alcanzado', kind: 'flag', of: (d) => d.reached_m5_14d },
  { header: 'M25 Alcanzado', kind: 'flag', of: (d) => d.reached_m25_14d },
  { header: 'Esperado M1 (S/)', kind: 'plain', of: (d) => d.expected_amount_m1 },
  { header: 'Esperado M5 (S/)', kind: 'plain', of: (d) => d.expected_amount_m5 },
  { header: 'Esperado M25 (S/)', kind: 'plain', of: (d) => d.expected_amount_m25 },
  { header: 'Esperado Total (S/)', kind: 'plain', of: (d) => d.expected_total_yango },
  { header: 'Claim M1 Existe', kind: 'flag', of: (d) => d.claim_m1_exists },
  { header: 'Claim M1 Pagado', kind: 'flag', of: (d) => d.claim_m1_paid },
  { header: 'Claim M5 Existe', kind: 'flag', of: (d) => d.claim_m5_exists },
  { header: 'Claim M5 Pagado', kind: 'flag', of: (d) => d.claim_m5_paid },
  { header: 'Claim M25 Existe', kind: 'flag', of: (d) => d.claim_m25_exists },
  { header: 'Claim M25 Pagado', kind: 'flag', of: (d) => d.claim_m25_paid },
  { header: 'Pagado M1 (S/)', kind: 'plain', of: (d) => d.paid_amount_m1 },
  { header: 'Pagado M5 (S/)', kind: 'plain', of: (d) => d.paid_amount_m5 },
  { header: 'Pagado M25 (S/)', kind: 'plain', of: (d) => d.paid_amount_m25 },
  { header: 'Pagado Total (S/)', kind: 'plain', of: (d) => d.total_paid_yango },
  { header: 'Deuda (S/)', kind: 'plain', of: (d) => d.amount_due_yango },
  { header: 'Scout ID', kind: 'plain', of: (d) => d.scout_id },
  { header: 'Scout Nombre', kind: 'text', of: (d) => d.scout_name },
  { header: 'Calidad Scout', kind: 'plain', of: (d) => d.scout_quality_bucket },
  { header: 'Scout Fuente', kind: 'plain', of: (d) => d.scout_source_table },
  { header: 'Scout Fecha Atribución', kind: 'plain', of: (d) => d.scout_attribution_date },
  { header: 'Scout Prioridad', kind: 'plain', of: (d) => d.scout_priority },
];

/** GET the drivers' standing as a spreadsheet, with the table's filters. */
export const cobranzaExport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/export',
  summary: 'What the payer owes per driver, as CSV',
  query: z.strictObject(cobranzaFilter),
  path: noParameters,
  answer: { csv: columns },
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const { control, codeVersion } = environment;
    const maxRows = environment.config.EXPORT_MAX_ROWS;
    if (query.use_materialized) {
      const unchanged = await unchangedSince(control.sql, event, codeVersion);
      if (unchanged !== undefined) return unchanged;
    }
    return refreshed(() =>
      control.transaction(async (sql) => {
        await sql`set transaction isolation level repeatable read, read only`;
        await sql`set local plan_cache_mode = force_custom_plan`;
        const of = query.use_materialized ? required(await lastRefresh(sql)) : undefined;
        await open(sql, query, maxRows);
        return csvAttachment(event, {
          columns,
          pages: pagesOf(() => sql(driver)`fetch forward 5000 from export_drivers`),
          name: 'cabinet_financial_14d',
          maxRows,
          tag: of && tagOf(event, of, codeVersion),
        });
      }),
    );
  },
});

/** Counts first: a file that nobody can be given is not begun. */
async function open(sql: Transaction, filter: CobranzaFilter, maxRows: number): Promise<void> {
  const f = argumentsOf(filter);
  const [counted] = await sql(z.strictObject({ n: z.int() }))`
    select count(*)::integer as n from ops.cabinet_cobranza(
      ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
      null, ${f.week}::date, null, null)`;
  if (counted !== undefined && counted.n > maxRows) throw tooManyRows(maxRows);
  await sql`
    declare export_drivers no scroll cursor for
    select
      driver_id, driver_name, lead_date, iso_week, week_start, connected_flag, connected_date, total_trips_14d::integer,
      reached_m1_14d, reached_m5_14d, reached_m25_14d,
      expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango,
      claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
      paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango,
      scout_id, scout_name, scout_quality_bucket, is_scout_resolved, scout_source_table, scout_attribution_date, scout_priority
    from ops.cabinet_cobranza(
      ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
      null, ${f.week}::date, null, null)
    order by lead_date desc nulls last, driver_id`;
}
