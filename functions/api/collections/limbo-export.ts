import * as z from 'zod';
import { type CsvColumn, from, type Source } from '../../core/csv.ts';
import { csvAttachment, earlierFile, inlineFlag, snapshot } from '../../core/csv-attachment.ts';
import { tooManyRows } from '../../core/csv-file.ts';
import type { Transaction } from '../../core/database.ts';
import { endpoint, noParameters, wholeNumber } from '../../core/http.ts';
import { LIMBO, lastRefresh, one, refreshed, required, tagOf, unchangedSince } from './as-of.ts';
import { argumentsOf, type LimboFilter, limboFilter } from './limbo-filters.ts';

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

/** Below it a file fits into an answer (600 bytes a row; 300 are usual), and nobody need look for an earlier one. */
const MAY_NOT_FIT = 10_000;

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
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    const { control, codeVersion } = environment;
    if (query.use_materialized) {
      const unchanged = await unchangedSince(control.sql, LIMBO, event, codeVersion);
      if (unchanged !== undefined) return unchanged;
    }
    const { inline, ...filter } = query;
    const maxRows = Math.min(query.limit, environment.config.EXPORT_FILE_MAX_ROWS);
    return refreshed(() =>
      snapshot(environment, async (sql) => {
        await sql`set local plan_cache_mode = force_custom_plan`;
        const of = filter.use_materialized ? required(await lastRefresh(sql, LIMBO)) : undefined;
        const rows = of === undefined ? 0 : await count(sql, filter);
        // A file that nobody can be given is not begun, and one that is there is not written again.
        if (rows > maxRows) throw tooManyRows(maxRows);
        const given = {
          columns,
          sources: [of === undefined ? liveLeads(filter, maxRows) : keptLeads(filter, maxRows)],
          name: 'cabinet_limbo',
          maxRows,
          inline,
          tag: of && tagOf(event, of, codeVersion),
          version: of && JSON.stringify([of, codeVersion, filter, maxRows]),
        };
        const earlier = rows < MAY_NOT_FIT ? undefined : await earlierFile({ event, environment }, given);
        return earlier ?? csvAttachment(sql, { event, environment }, given);
      }),
    );
  },
});

async function count(sql: Transaction, filter: LimboFilter): Promise<number> {
  const f = argumentsOf(filter);
  const [counted] = await sql(z.strictObject({ n: z.int() }))`
    select coalesce(sum(leads), 0)::integer as n
    from ops.limbo_totals(${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date)`;
  return one(counted).n;
}

function keptLeads(filter: LimboFilter, maxRows: number): Source {
  const f = argumentsOf(filter);
  return from`
    ops.limbo_page(
      ${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date, null, null, ${maxRows}::integer + 1, 0)
    order by lead_date desc, lead_id`;
}

function liveLeads(filter: LimboFilter, maxRows: number): Source {
  const f = argumentsOf(filter);
  return from`
    ops.limbo_leads(${f.stage}::text, ${f.week}::date, ${f.from}::date, ${f.to}::date)
    order by lead_date desc, lead_id
    limit ${maxRows}::integer + 1`;
}
