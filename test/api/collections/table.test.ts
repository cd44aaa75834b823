import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cobranzaExport } from '../../../functions/api/collections/export.ts';
import { scoutMetrics } from '../../../functions/api/collections/scout-metrics.ts';
import { cobranzaTable } from '../../../functions/api/collections/table.ts';
import { weeklyKpis } from '../../../functions/api/collections/weekly-kpis.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { call, environmentOf } from '../../support/http.ts';
import { runJob } from '../../support/run-job.ts';
import { asOf, expectRefused, goldenScreens, records } from './support.ts';

const screens = goldenScreens();

const row = z.looseObject({
  driver_id: z.string(),
  lead_date: z.iso.date(),
  week_start: z.iso.date(),
  reached_m1_14d: z.boolean(),
  reached_m5_14d: z.boolean(),
  reached_m25_14d: z.boolean(),
  amount_due_yango: z.string(),
  scout_id: z.int().nullable(),
});
const page = z.object({
  meta: z.object({
    limit: z.int(),
    offset: z.int(),
    returned: z.int(),
    total: z.int(),
    next_cursor: z.string().nullable(),
  }),
  summary: z.record(z.string(), z.union([z.number(), z.string()])).nullable(),
  summary_total: z.record(z.string(), z.union([z.number(), z.string()])).nullable(),
  data: z.array(row),
  as_of: z.record(z.string(), z.unknown()),
});

async function table(query: Record<string, string> = {}): Promise<z.infer<typeof page>> {
  const { status, body } = await call(cobranzaTable, screens().reader, { query });
  expect([status, body]).toMatchObject([200, {}]);
  return page.parse(body);
}
const all = {
  total_drivers: 664,
  drivers_with_expected: 134,
  drivers_with_debt: 118,
  total_expected_yango: '11125.00',
  total_paid_yango: '2260.00',
  total_debt_yango: '8865.00',
  total_overpaid_yango: '0.00',
  collection_percentage: 20.31,
  drivers_with_scout: 492,
  drivers_without_scout: 172,
  pct_with_scout: 74.1,
};

const inExportOrder = (rows: readonly z.infer<typeof row>[]) =>
  rows.toSorted((a, b) => b.lead_date.localeCompare(a.lead_date) || (a.driver_id < b.driver_id ? -1 : 1));

describe('GET cabinet-financial-14d', () => {
  test('answers everyone with the totals that the data set says, as of the refresh', async () => {
    const { meta, summary, summary_total, data, as_of } = await table();
    expect(meta).toMatchObject({ limit: 200, offset: 0, returned: 200, total: 664 });
    expect(summary).toMatchObject(all);
    expect(summary_total).toEqual(summary);
    expect(as_of).toEqual({
      source: 'materialized',
      as_of: asOf,
      refresh_id: expect.any(Number),
      refreshed_at: expect.any(String),
      run_id: expect.any(String),
    });
    expect(data).toEqual(inExportOrder(data));
    expect(Object.keys(data[0] ?? {})).toHaveLength(33);
  });

  test('the live view says the same while nothing has changed', async () => {
    const [materialized, live] = [
      await table({ limit: '1000' }),
      await table({ limit: '1000', use_materialized: 'false' }),
    ];
    expect(live.data).toEqual(materialized.data);
    expect(live.summary).toEqual(materialized.summary);
    expect(live.as_of).toMatchObject({ source: 'live', refresh_id: null });
  });

  test('pages by offset and by cursor through the same rows, each once', async () => {
    const whole = (await table({ limit: '1000' })).data.map((each) => each.driver_id);
    expect(new Set(whole).size).toBe(664);
    const byOffset: string[] = [];
    for (let offset = 0; offset < 664; offset += 250) {
      byOffset.push(
        ...(await table({ limit: '250', offset: String(offset) })).data.map((each) => each.driver_id),
      );
    }
    const byCursor: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { meta, data } = await table({ limit: '250', ...(cursor === undefined ? {} : { cursor }) });
      byCursor.push(...data.map((each) => each.driver_id));
      cursor = meta.next_cursor;
    }
    expect([byOffset, byCursor]).toEqual([whole, whole]);
  });

  test('milestones are exclusive as filters and inclusive in the totals, and close', async () => {
    const { summary } = await table();
    const totals = await Promise.all(
      ['m1', 'M5', 'm25'].map(async (reached_milestone) => (await table({ reached_milestone })).meta.total),
    );
    const [m1 = 0, m5 = 0, m25 = 0] = totals;
    expect([m1 + m5 + m25, m5 + m25, m25]).toEqual([
      summary?.['drivers_m1'],
      summary?.['drivers_m5'],
      summary?.['drivers_m25'],
    ]);
    const { data } = await table({ reached_milestone: 'm5' });
    expect(data.every((each) => each.reached_m5_14d && !each.reached_m25_14d)).toBe(true);
  });

  test('filters by debt, least debt, scout and week; the total of everyone stays', async () => {
    const debt = await table({ only_with_debt: 'true' });
    expect([debt.meta.total, debt.summary?.['total_debt_yango']]).toEqual([118, '8865.00']);
    expect(debt.summary_total).toMatchObject(all);
    const large = await table({ min_debt: '160', limit: '1000' });
    expect(large.meta.total).toBeGreaterThan(0);
    expect(large.data.every((each) => Number(each.amount_due_yango) >= 160)).toBe(true);
    expect((await table({ min_debt: '160.01' })).meta.total).toBeLessThan(large.meta.total);
    const scout = debt.data.find((each) => each.scout_id !== null)?.scout_id ?? -1;
    const ofScout = await table({ scout_id: String(scout), limit: '1000' });
    expect(ofScout.meta.total).toBeGreaterThan(0);
    expect(new Set(ofScout.data.map((each) => each.scout_id))).toEqual(new Set([scout]));
    const week = await table({ week_start: '2025-12-22', limit: '1000' });
    expect(new Set(week.data.map((each) => each.week_start))).toEqual(new Set(['2025-12-22']));
    expect((await table({ week_start: '2025-12-23' })).meta.total).toBe(0);
  });

  test('spares the totals when they are not wanted', async () => {
    expect(await table({ include_summary: 'false', only_with_debt: 'true' })).toMatchObject({
      meta: { total: 118 },
      summary: null,
      summary_total: null,
    });
  });

  test.each([
    ['only_with_debt', 'yes'],
    ['min_debt', '-1'],
    ['min_debt', '1e3'],
    ['min_debt', 'NaN'],
    ['reached_milestone', 'm10'],
    ['scout_id', '-1'],
    ['scout_id', '1 or 1=1'],
    ['week_start', '2026-02-30'],
    ['limit', '0'],
    ['limit', '1001'],
    ['offset', '-1'],
    ['include_summary', '1'],
    ['use_materialized', 'maybe'],
    ['cursor', 'bm90IGEgY3Vyc29y'],
    ['week', '2026-01-05'],
  ])('refuses %s=%s with 400, naming field and value', async (field, value) => {
    await expectRefused(cobranzaTable, screens().reader, { [field]: value }, field);
  });

  test('answers 304 until the next refresh, without reading the view', async () => {
    const { database } = screens();
    const reader = environmentOf(database, 'cuadre_reader');
    const etag = String((await call(cobranzaTable, reader)).headers['etag']);
    const again = () => call(cobranzaTable, reader, { headers: { 'if-none-match': etag } });
    expect((await again()).status).toBe(304);
    await database.admin.script(
      'revoke select on ops.mv_yango_cabinet_cobranza_enriched_14d from cuadre_reader',
    );
    expect((await again()).status).toBe(304);
    await database.admin.script(
      'grant select on ops.mv_yango_cabinet_cobranza_enriched_14d to cuadre_reader',
    );
    await runJob(database, mvRefresh, { asOf });
    const fresh = await again();
    expect([fresh.status, fresh.headers['etag'] === etag]).toEqual([200, false]);
  });
});

describe('GET cabinet-financial-14d/export', () => {
  const get = (query: Record<string, string> = {}) => call(cobranzaExport, screens().reader, { query });

  test('32 columns, every row, the cells of the table', async () => {
    const answer = await get();
    expect(answer.headers['content-disposition']).toBe(
      'attachment; filename="cabinet_financial_14d_20260113_0700.csv"',
    );
    const [header = [], ...rows] = records(answer);
    expect(header).toEqual(
      `Driver ID,Conductor,Lead Date,Semana ISO,Semana Inicio,Conectado,Fecha Conexion,Viajes 14D,M1 Alcanzado,M5 Alcanzado,M25 Alcanzado,Esperado M1 (S/),Esperado M5 (S/),Esperado M25 (S/),Esperado Total (S/),Claim M1 Existe,Claim M1 Pagado,Claim M5 Existe,Claim M5 Pagado,Claim M25 Existe,Claim M25 Pagado,Pagado M1 (S/),Pagado M5 (S/),Pagado M25 (S/),Pagado Total (S/),Deuda (S/),Scout ID,Scout Nombre,Calidad Scout,Scout Fuente,Scout Fecha Atribución,Scout Prioridad`.split(
        ',',
      ),
    );
    expect(header).toHaveLength(32);
    const { data } = await table({ limit: '1000' });
    expect(rows.map(([driver]) => driver)).toEqual(data.map((each) => each.driver_id));
    const debt = header.indexOf('Deuda (S/)');
    expect(rows.map((cells) => cells[debt])).toEqual(data.map((each) => each.amount_due_yango));
    expect(new Set(rows.map((cells) => cells[5]))).toEqual(new Set(['Sí', 'No']));
  });

  test('takes the filters of the table, the scout among them, and the live view', async () => {
    for (const filter of [
      { only_with_debt: 'true' },
      { min_debt: '100' },
      { reached_milestone: 'm25' },
      { scout_id: '7' },
      { week_start: '2025-12-22' },
      { only_with_debt: 'true', use_materialized: 'false' },
    ]) {
      const answer = await get(filter);
      expect(Number(answer.headers['x-row-count'])).toBe((await table(filter)).meta.total);
    }
  });

  test('of nothing is the header alone', async () => {
    expect(records(await get({ week_start: '2020-01-06' }))).toHaveLength(1);
  });

  test('a name that begins like a formula is guarded, an amount below zero is not', async () => {
    const { database } = screens();
    const [first] = (await table({ only_with_debt: 'true', limit: '1' })).data;
    await database.admin
      .sql`update public.drivers set full_name = '=cmd|x' where driver_id = ${first?.driver_id ?? ''}`;
    const answer = await get({ only_with_debt: 'true', use_materialized: 'false' });
    expect(records(answer)[1]?.slice(0, 2)).toEqual([first?.driver_id, "'=cmd|x"]);
  });

  test('refuses more rows than one export may hold, in a sentence', async () => {
    const few = environmentOf(screens().database, 'cuadre_reader', {}, 663);
    const { status, body } = await call(cobranzaExport, few);
    expect([status, body]).toMatchObject([
      413,
      { code: 'EXPORT_TOO_MANY_ROWS', detail: expect.stringContaining('at most 663 rows') },
    ]);
    const enough = environmentOf(screens().database, 'cuadre_reader', {}, 664);
    expect((await call(cobranzaExport, enough)).status).toBe(200);
  });

  test('answers 304 to who has it', async () => {
    const { headers } = await get();
    const again = await call(cobranzaExport, screens().reader, {
      headers: { 'if-none-match': String(headers['etag']) },
    });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });

  test.each([
    ['reached_milestone', 'all'],
    ['limit', '10'],
    ['scout_id', '=1+1'],
  ])('refuses %s=%s', (field, value) =>
    expectRefused(cobranzaExport, screens().reader, { [field]: value }, field),
  );
});

describe('GET weekly-kpis', () => {
  const answer = z.object({
    status: z.literal('ok'),
    weeks: z.array(
      z.looseObject({
        week_start: z.iso.date(),
        total_rows: z.int(),
        debt_sum: z.string(),
        paid_sum: z.string(),
      }),
    ),
    filters: z.record(z.string(), z.unknown()),
    as_of: z.looseObject({ as_of: z.string().nullable() }),
  });
  const weekly = async (query: Record<string, string> = {}) =>
    answer.parse((await call(weeklyKpis, screens().reader, { query })).body);
  const cents = (amounts: readonly string[]) =>
    amounts.reduce((sum, amount) => sum + Math.round(Number(amount) * 100), 0);

  test('adds up to the table, whatever the filter, to the cent', async () => {
    for (const filter of [{}, { only_with_debt: 'true' }, { reached_milestone: 'm5' }, { min_debt: '60' }]) {
      const [{ weeks, as_of }, { summary, meta }] = [await weekly(filter), await table(filter)];
      expect(as_of.as_of).toBe(asOf);
      expect(weeks.reduce((sum, week) => sum + week.total_rows, 0)).toBe(meta.total);
      expect(cents(weeks.map((week) => week.debt_sum))).toBe(cents([String(summary?.['total_debt_yango'])]));
      expect(cents(weeks.map((week) => week.paid_sum))).toBe(cents([String(summary?.['total_paid_yango'])]));
    }
  });

  test('newest first, between weeks, and no more than asked for', async () => {
    const { weeks } = await weekly();
    const order = weeks.map((week) => week.week_start);
    expect(order).toEqual(order.toSorted().toReversed());
    const some = await weekly({
      week_start_from: '2025-11-17',
      week_start_to: '2025-12-15',
      limit_weeks: '3',
    });
    expect(some.weeks.map((week) => week.week_start)).toEqual(['2025-12-15', '2025-12-08', '2025-12-01']);
    expect((await weekly({ week_start: '2025-12-15' })).weeks).toHaveLength(1);
  });

  test('by quality of the scout', async () => {
    const { weeks, filters } = await weekly({ scout_quality_bucket: 'SCOUTING_DAILY_ONLY' });
    expect(weeks.reduce((sum, week) => sum + week.total_rows, 0)).toBe(135);
    expect(filters).toMatchObject({ scout_quality_bucket: 'SCOUTING_DAILY_ONLY', limit_weeks: 52 });
  });

  test.each([
    ['reached_milestone', 'm2'],
    ['scout_quality_bucket', 'GOOD'],
    ['week_start_from', '2026-01-32'],
    ['week_start_to', 'today'],
    ['limit_weeks', '201'],
    ['limit_weeks', '0'],
    ['min_debt', '0x10'],
  ])('refuses %s=%s', (field, value) =>
    expectRefused(weeklyKpis, screens().reader, { [field]: value }, field),
  );
});

describe('GET scout-attribution-metrics', () => {
  const answer = z.object({
    metrics: z.looseObject({
      total_drivers: z.int(),
      breakdown_by_quality: z.record(z.string(), z.int()),
      breakdown_by_source: z.record(z.string(), z.int()),
      drivers_without_scout_by_reason: z.record(z.string(), z.int()),
      top_missing_examples: z.array(z.looseObject({ amount_due_yango: z.string(), reached_m1: z.boolean() })),
    }),
  });
  const metrics = async (query: Record<string, string> = {}) =>
    answer.parse((await call(scoutMetrics, screens().reader, { query })).body).metrics;

  test('counts by quality, source and reason as the data set says', async () => {
    const found = await metrics();
    expect(found).toMatchObject({
      total_drivers: 664,
      drivers_with_scout: 492,
      drivers_without_scout: 172,
      pct_with_scout: 74.1,
      breakdown_by_quality: {
        SATISFACTORY_LEDGER: 357,
        EVENTS_ONLY: 0,
        MIGRATIONS_ONLY: 0,
        SCOUTING_DAILY_ONLY: 135,
        CABINET_PAYMENTS_ONLY: 0,
        MISSING: 172,
      },
      breakdown_by_source: { lead_ledger: 357, scouting_daily: 135 },
      drivers_without_scout_by_reason: { missing_identity: 0, no_source_match: 172 },
    });
    const owed = found.top_missing_examples.map((each) => Number(each.amount_due_yango));
    expect(owed).toEqual(owed.toSorted((a, b) => b - a));
    expect(found.top_missing_examples.every((each) => each.reached_m1)).toBe(true);
  });

  test('takes the filters in the same sense as the table', async () => {
    for (const filter of [{ reached_milestone: 'm1' }, { only_with_debt: 'true' }, { scout_id: '7' }]) {
      expect((await metrics(filter)).total_drivers).toBe((await table(filter)).meta.total);
    }
  });

  test.each([
    ['reached_milestone', 'M2'],
    ['min_debt', 'a lot'],
    ['scout_id', '1.5'],
  ])('refuses %s=%s', (field, value) =>
    expectRefused(scoutMetrics, screens().reader, { [field]: value }, field),
  );
});
