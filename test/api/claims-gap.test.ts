import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsGap, GAP_REASONS } from '../../functions/api/claims-gap.ts';
import { claimsGapSummary } from '../../functions/api/claims-gap-summary.ts';
import { claimsReconcile } from '../../functions/cabinet/claims-reconcile.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { runJob } from '../support/run-job.ts';

const database = testDatabase({ golden: true });
let reader: Environment;

beforeAll(async () => {
  await runJob(database, tripsLoad, { asOf: '2026-01-13' });
  await runJob(database, claimsReconcile, { asOf: '2026-01-13', limit: 100 });
  reader = environmentOf(database, 'cuadre_reader');
});

const row = z.looseObject({
  lead_id: z.int(),
  lead_date: z.iso.date(),
  week_start: z.iso.date(),
  milestone_value: z.int(),
  gap_reason: z.string(),
  claim_exists: z.boolean(),
  expected_amount: z.string(),
});
const page = z.object({
  meta: z.object({
    limit: z.int(),
    offset: z.int(),
    returned: z.int(),
    total: z.int(),
    next_cursor: z.string().nullable(),
  }),
  summary: z.record(z.string(), z.union([z.int(), z.string()])),
  data: z.array(row),
});

async function gaps(query: Record<string, string> = {}): Promise<z.infer<typeof page>> {
  const { status, body } = await call(claimsGap, reader, { query });
  expect(status).toBe(200);
  return page.parse(body);
}
const keyOf = (gap: z.infer<typeof row>) => `${gap.lead_id}/${gap.milestone_value}`;

describe('GET claims-gap', () => {
  test('answers the gaps alone, newest first, with the totals of the whole selection', async () => {
    const { meta, summary, data } = await gaps({ limit: '10' });
    expect(meta).toMatchObject({ limit: 10, offset: 0, returned: 10, total: 64 });
    expect(summary).toEqual({
      total_gaps: 64,
      gaps_milestone_achieved_no_claim: 64,
      gaps_claim_exists: 0,
      gaps_milestone_not_achieved: 0,
      gaps_m1: 35,
      gaps_m5: 23,
      gaps_m25: 6,
      total_expected_amount: '2280.00',
    });
    expect(Object.keys(data[0] ?? {}).sort()).toEqual([
      'claim_exists',
      'claim_expected',
      'claim_status',
      'driver_id',
      'expected_amount',
      'gap_reason',
      'lead_date',
      'lead_id',
      'lead_source_pk',
      'milestone_achieved',
      'milestone_value',
      'person_key',
      'trips_14d',
      'week_start',
    ]);
    const order = data.map((gap) => [gap.lead_date, String(gap.milestone_value).padStart(2, '0')].join());
    expect(order).toEqual(order.toSorted().toReversed());
  });

  test('pages by offset and by cursor through the same rows, each once', async () => {
    const all = (await gaps({ limit: '1000' })).data.map(keyOf);
    expect(new Set(all).size).toBe(64);
    const byOffset: string[] = [];
    for (let offset = 0; offset < 64; offset += 20) {
      byOffset.push(...(await gaps({ limit: '20', offset: String(offset) })).data.map(keyOf));
    }
    const byCursor: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { meta, data } = await gaps({ limit: '20', ...(cursor === undefined ? {} : { cursor }) });
      byCursor.push(...data.map(keyOf));
      cursor = meta.next_cursor;
    }
    expect([byOffset, byCursor]).toEqual([all, all]);
  });

  test('filters by week, dates and milestone', async () => {
    const week = await gaps({ week_start: '2025-12-15' });
    expect(week.meta.total).toBe(11);
    expect(new Set(week.data.map((gap) => gap.week_start))).toEqual(new Set(['2025-12-15']));
    const days = await gaps({
      lead_date_from: '2025-12-15',
      lead_date_to: '2025-12-21',
      milestone_value: '5',
    });
    expect([days.meta.total, days.summary['gaps_m5']]).toEqual([4, 4]);
  });

  test('with a reason answers every expected claim of that reason', async () => {
    const covered = await gaps({ gap_reason: 'OK' });
    expect(covered.meta.total).toBe(30);
    expect(covered.data.every((each) => each.claim_exists)).toBe(true);
    expect((await gaps({ gap_reason: 'NO_IDENTITY' })).meta.total).toBe(179 * 3);
    expect((await gaps({ gap_reason: 'OTHER' })).meta.total).toBe(0);
  });

  test('answers 304 while nothing has changed', async () => {
    const first = await call(claimsGap, reader);
    const again = await call(claimsGap, reader, {
      headers: { 'if-none-match': String(first.headers['etag']) },
    });
    expect(again.status).toBe(304);
  });

  test.each([
    [{ gap_reason: 'MISSING' }, 'query.gap_reason'],
    [{ milestone_value: '0' }, 'query.milestone_value'],
    [{ milestone_value: '7' }, 'query.milestone_value'],
    [{ week_start: '05-01-2026' }, 'query.week_start'],
    [{ lead_date_from: "2026-01-01' or '1'='1" }, 'query.lead_date_from'],
    [{ limit: '1001' }, 'query.limit'],
    [{ offset: '-1' }, 'query.offset'],
    [{ cursor: Buffer.from('["2026-01-01"]').toString('base64url') }, 'query.cursor'],
    [{ week: '2026-01-05' }, 'query.week'],
  ])('refuses %j with 400, naming the field and its value', async (query, field) => {
    const { status, body } = await call(claimsGap, reader, { query });
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        problems: [{ field, value: Object.values(query)[0], rule: expect.any(String) }],
      }),
    ]);
  });
});

describe('GET claims-gap/summary', () => {
  const counts = z.record(z.string(), z.union([z.int(), z.string(), z.null()]));

  test('counts every lead and milestone by reason, and adds up', async () => {
    const summary = counts.parse((await call(claimsGapSummary, reader)).body);
    expect(summary).toMatchObject({
      total_gaps: 64,
      gaps_claim_not_generated: 64,
      gaps_ok: 30,
      gaps_no_identity: 537,
      gaps_no_driver: 900,
      gaps_m1: 35,
      gaps_m5: 23,
      gaps_m25: 6,
      monto_total_expected_missing: '2280.00',
      monto_total_expected_ok: '830.00',
      week_start: null,
    });
    const reasons = GAP_REASONS.filter((reason) => reason !== 'OTHER').map((reason) =>
      Number(summary[`gaps_${reason.toLowerCase()}`]),
    );
    expect(reasons.reduce((sum, each) => sum + each, 0)).toBe(849 * 3);
  });

  test('of one week says which', async () => {
    const summary = counts.parse(
      (await call(claimsGapSummary, reader, { query: { week_start: '2025-12-15' } })).body,
    );
    expect(summary).toMatchObject({ total_gaps: 11, week_start: '2025-12-15' });
  });
});
