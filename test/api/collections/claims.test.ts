import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsGap } from '../../../functions/api/claims-gap.ts';
import { claimsGapExport } from '../../../functions/api/collections/claims-gap-export.ts';
import { claimsToCollect } from '../../../functions/api/collections/claims-to-collect.ts';
import { claimsToCollectExport } from '../../../functions/api/collections/claims-to-collect-export.ts';
import { collections } from '../../../functions/api/collections/index.ts';
import { exports } from '../../../functions/api/collections/spreadsheets.ts';
import { call, environmentOf } from '../../support/http.ts';
import { expectRefused, goldenScreens, records } from './support.ts';

const screens = goldenScreens();

const page = z.object({
  status: z.literal('ok'),
  count: z.int(),
  total: z.int(),
  filters: z.record(z.string(), z.unknown()),
  rows: z.array(
    z.looseObject({
      driver_id: z.string(),
      driver_name: z.string().nullable(),
      milestone_value: z.int(),
      expected_amount: z.string(),
      days_overdue_yango: z.int(),
      yango_payment_status: z.string(),
      lead_date: z.iso.date(),
    }),
  ),
});
async function claims(query: Record<string, string> = {}): Promise<z.infer<typeof page>> {
  return page.parse((await call(claimsToCollect, screens().reader, { query })).body);
}

describe('GET claims-to-collect', () => {
  test('what was achieved and neither paid nor misapplied, the longest overdue first', async () => {
    const { count, total, filters, rows } = await claims({ limit: '200' });
    // Of 260 derived claims 54 are paid, and 15 are of drivers who were paid another milestone.
    expect([count, total]).toEqual([191, 191]);
    expect(filters).toEqual({ limit: 200, offset: 0 });
    expect(new Set(rows.map((row) => row.yango_payment_status))).toEqual(new Set(['UNPAID']));
    expect(rows).toEqual(
      rows.toSorted(
        (a, b) =>
          b.days_overdue_yango - a.days_overdue_yango ||
          Number(b.expected_amount) - Number(a.expected_amount) ||
          (a.driver_id < b.driver_id
            ? -1
            : a.driver_id > b.driver_id
              ? 1
              : a.milestone_value - b.milestone_value),
      ),
    );
    const second = await claims({ offset: '150' });
    expect([second.count, second.total]).toEqual([41, 191]);
    expect(second.rows).toEqual(rows.slice(150));
  });

  test('by milestone and dates', async () => {
    const m25 = await claims({ milestone_value: '25', limit: '200' });
    expect(new Set(m25.rows.map((row) => row.expected_amount))).toEqual(new Set(['100.00']));
    const day = m25.rows[0]?.lead_date ?? '';
    const ofDay = await claims({ date_from: day, date_to: day });
    expect(new Set(ofDay.rows.map((row) => row.lead_date))).toEqual(new Set([day]));
  });

  test('by a piece of a name or id, in which nothing is a wildcard', async () => {
    const [first] = (await claims()).rows;
    const name = first?.driver_name ?? '';
    expect((await claims({ search: name.toUpperCase() })).rows).toContainEqual(first);
    expect((await claims({ search: first?.driver_id.slice(3, 20) ?? '' })).rows).toContainEqual(first);
    for (const search of ['%', '_', "' or '1'='1", '\\']) expect((await claims({ search })).total).toBe(0);
  });

  test.each([
    ['milestone_value', '10'],
    ['date_from', '13/01/2026'],
    ['date_to', '2026-13-01'],
    ['search', ''],
    ['search', 'x'.repeat(101)],
    ['search', 'a\0b'],
    ['limit', '201'],
    ['offset', 'x'],
    ['status', 'PAID'],
  ])('refuses %s=%j', (field, value) =>
    expectRefused(claimsToCollect, screens().reader, { [field]: value }, field),
  );
});

describe('GET claims/export', () => {
  test('18 columns, the rows of the table', async () => {
    const answer = await call(claimsToCollectExport, screens().reader, { query: { milestone_value: '5' } });
    expect(answer.headers['content-disposition']).toContain('yango_cabinet_claims_20260113_0700.csv');
    const [header, ...rows] = records(answer);
    expect(header).toEqual(
      'Driver ID,Nombre Conductor,Milestone,Monto Exigible (S/),Fecha Lead,Fecha Vencimiento,Días Vencidos,Bucket Vencimiento,Estado Pago,Razón,Estado Identidad,Regla Matching,Confianza Matching,Reconciliable,Payment Key,Fecha Pago Encontrado,Driver ID Sugerido,Person Key'.split(
        ',',
      ),
    );
    const table = await claims({ milestone_value: '5', limit: '200' });
    expect(rows.map(([driver]) => driver)).toEqual(table.rows.map((row) => row.driver_id));
  });

  test('refuses what is too much, and what is wrong', async () => {
    const few = environmentOf(screens().database, 'cuadre_reader', {}, 190);
    expect((await call(claimsToCollectExport, few)).status).toBe(413);
    await expectRefused(claimsToCollectExport, screens().reader, { limit: '10' }, 'limit');
    await expectRefused(
      claimsToCollectExport,
      screens().reader,
      { milestone_value: '1,5' },
      'milestone_value',
    );
  });
});

describe('GET claims-gap/export', () => {
  const get = (query: Record<string, string> = {}) => call(claimsGapExport, screens().reader, { query });

  test('14 columns, the gaps of the table in its order', async () => {
    const answer = await get();
    expect(answer.headers['content-disposition']).toContain('cabinet_claims_gap_20260113_0700.csv');
    const [header, ...rows] = records(answer);
    expect(header).toEqual(
      'lead_id,lead_source_pk,driver_id,person_key,lead_date,week_start,milestone_value,trips_14d,milestone_achieved,expected_amount,claim_expected,claim_exists,claim_status,gap_reason'.split(
        ',',
      ),
    );
    const table = z
      .object({
        data: z.array(
          z.looseObject({ lead_id: z.int(), milestone_value: z.int(), expected_amount: z.string() }),
        ),
      })
      .parse((await call(claimsGap, screens().reader, { query: { limit: '1000' } })).body);
    expect(rows.map((cells) => [cells[0], cells[6], cells[9]].join())).toEqual(
      table.data.map((gap) => [gap.lead_id, gap.milestone_value, gap.expected_amount].join()),
    );
    expect(rows).toHaveLength(64);
  });

  test('takes the filters of the table', async () => {
    const rows = async (query: Record<string, string>) => Number((await get(query)).headers['x-row-count']);
    expect(await rows({ week_start: '2025-12-15' })).toBe(11);
    expect(
      await rows({ lead_date_from: '2025-12-15', lead_date_to: '2025-12-21', milestone_value: '5' }),
    ).toBe(4);
    expect(await rows({ gap_reason: 'OK' })).toBe(30);
    expect(await rows({ gap_reason: 'OTHER' })).toBe(0);
  });

  test('is refused when it would not hold everything, never cut', async () => {
    expect((await get({ limit: '63' })).status).toBe(413);
    expect((await get({ limit: '64' })).status).toBe(200);
  });

  test.each([
    ['gap_reason', 'MISSING'],
    ['milestone_value', '0'],
    ['week_start', 'x'],
    ['lead_date_from', '2026-00-01'],
    ['lead_date_to', '1'],
    ['limit', '50001'],
    ['cursor', 'x'],
  ])('refuses %s=%s', (field, value) =>
    expectRefused(claimsGapExport, screens().reader, { [field]: value }, field),
  );
});

test('one warm function gives every export after every other', async () => {
  expect(exports).toHaveLength(7);
  const { reader } = screens();
  const statuses: number[] = [];
  for (const endpoint of [...exports, ...exports.toReversed()]) {
    statuses.push((await call(endpoint, reader)).status);
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('every path by which callers know the screens leads to them', () => {
  const paths = [...collections, ...exports].map(({ method, route }) => `${method} ${route}`);
  expect(paths.toSorted()).toEqual(
    [
      ...[
        '',
        '/export',
        '/limbo',
        '/limbo/export',
        '/claims-gap',
        '/claims-gap/summary',
        '/claims-gap/export',
        '/funnel-gap',
      ].flatMap((path) => [
        `GET /api/v1/ops/payments/cabinet-financial-14d${path}`,
        `GET /api/v1/payments/cabinet-financial-14d${path}`,
      ]),
      ...['scout-attribution-metrics', 'weekly-kpis'].flatMap((name) => [
        `GET /api/v1/yango/cabinet/cobranza-yango/${name}`,
        `GET /api/v1/payments/yango/cabinet/cobranza-yango/${name}`,
        `GET /api/v1/ops/payments/yango/cabinet/cobranza-yango/${name}`,
      ]),
      'GET /api/v1/yango/cabinet/claims-to-collect',
      'GET /api/v1/yango/cabinet/claims/export',
      'GET /api/v1/yango/cabinet/mv-health',
    ].toSorted(),
  );
});
