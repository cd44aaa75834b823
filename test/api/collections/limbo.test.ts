import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { funnelGap } from '../../../functions/api/collections/funnel-gap.ts';
import { limbo } from '../../../functions/api/collections/limbo.ts';
import { limboExport } from '../../../functions/api/collections/limbo-export.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { ownDatabase } from '../../support/database.ts';
import { call, environmentOf } from '../../support/http.ts';
import { testObjects } from '../../support/objects.ts';
import { runJob } from '../../support/run-job.ts';
import { asOf, expectRefused, goldenScreens, records } from './support.ts';

const screens = goldenScreens();

const page = z.object({
  meta: z.looseObject({ returned: z.int(), total: z.int(), next_cursor: z.string().nullable() }),
  summary: z.record(z.string(), z.int()),
  data: z.array(
    z.looseObject({
      lead_id: z.int(),
      lead_date: z.iso.date(),
      limbo_stage: z.string(),
      window_end_14d: z.iso.date(),
      expected_amount_14d: z.string(),
    }),
  ),
});
async function leads(query: Record<string, string> = {}): Promise<z.infer<typeof page>> {
  return page.parse((await call(limbo, screens().reader, { query })).body);
}
const everyStage = {
  total_leads: 849,
  limbo_no_identity: 179,
  limbo_no_driver: 300,
  limbo_no_trips_14d: 313,
  limbo_trips_no_claim: 5,
  limbo_ok: 52,
};
const columns =
  `lead_id,lead_source_pk,lead_date,week_start,park_phone,asset_plate_number,lead_name,person_key,driver_id,trips_14d,window_end_14d,reached_m1_14d,reached_m5_14d,reached_m25_14d,expected_amount_14d,has_claim_m1,has_claim_m5,has_claim_m25,limbo_stage,limbo_reason_detail,has_generated_claim_m1,has_generated_claim_m5,has_generated_claim_m25`.split(
    ',',
  );

describe('GET limbo', () => {
  test('every lead by stage, as the data set says, newest day first and in it by id', async () => {
    const { meta, summary, data } = await leads();
    expect(meta).toMatchObject({ limit: 100, offset: 0, returned: 100, total: 849 });
    expect(summary).toEqual(everyStage);
    expect(data).toEqual(
      data.toSorted((a, b) => b.lead_date.localeCompare(a.lead_date) || a.lead_id - b.lead_id),
    );
    expect(Object.keys(data[0] ?? {}).toSorted()).toEqual(columns.toSorted());
  });

  test('the summary counts the selection: a stage, a week, some days', async () => {
    const stuck = await leads({ limbo_stage: 'TRIPS_NO_CLAIM' });
    expect(stuck.summary).toMatchObject({ total_leads: 5, limbo_trips_no_claim: 5, limbo_ok: 0 });
    expect(new Set(stuck.data.map((lead) => lead.limbo_stage))).toEqual(new Set(['TRIPS_NO_CLAIM']));
    expect((await leads({ week_start: '2026-01-05' })).summary).toMatchObject({
      total_leads: 64,
      limbo_no_identity: 32,
      limbo_no_driver: 0,
      limbo_no_trips_14d: 15,
      limbo_trips_no_claim: 1,
      limbo_ok: 16,
    });
    const after = await leads({ lead_date_from: '2026-01-06', lead_date_to: '2026-01-10' });
    expect(after.meta.total).toBe(62);
  });

  test('pages by offset and by cursor through the same leads, each once', async () => {
    const whole = (await leads({ limit: '1000' })).data.map((lead) => lead.lead_id);
    expect(new Set(whole).size).toBe(849);
    const byOffset: number[] = [];
    for (let offset = 0; offset < 849; offset += 300) {
      byOffset.push(
        ...(await leads({ limit: '300', offset: String(offset) })).data.map((lead) => lead.lead_id),
      );
    }
    const byCursor: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { meta, data } = await leads({ limit: '300', ...(cursor === undefined ? {} : { cursor }) });
      byCursor.push(...data.map((lead) => lead.lead_id));
      cursor = meta.next_cursor;
    }
    expect([byOffset, byCursor]).toEqual([whole, whole]);
  });

  test.each([
    ['limbo_stage', 'no_identity'],
    ['use_materialized', 'yes'],
    ['limbo_stage', 'STUCK'],
    ['week_start', '2026-W02'],
    ['lead_date_from', "2026-01-01'--"],
    ['lead_date_to', '2025-02-29'],
    ['limit', '1001'],
    ['offset', '1.5'],
    ['cursor', '[]'],
    ['stage', 'OK'],
  ])('refuses %s=%s', (field, value) => expectRefused(limbo, screens().reader, { [field]: value }, field));
});

describe('GET limbo/export', () => {
  const get = (query: Record<string, string> = {}) => call(limboExport, screens().reader, { query });

  test('the columns of the view, every lead, in the order of the table', async () => {
    const answer = await get();
    expect(answer.headers['content-disposition']).toContain('filename="cabinet_limbo_20260113_0700.csv"');
    const [header, ...rows] = records(answer);
    expect(header).toEqual(columns);
    expect(rows.map(([id]) => Number(id))).toEqual(
      (await leads({ limit: '1000' })).data.map((lead) => lead.lead_id),
    );
  });

  test('a phone with a plus sign is text, not a formula', async () => {
    await screens().database.admin.script(
      `update public.module_ct_cabinet_leads set park_phone = '+51 987654321', first_name = '=HYPERLINK("x")' where id = 1`,
    );
    const text = String((await get({ use_materialized: 'false' })).body);
    expect(text).toMatch(/^1,.*,'\+51 987654321,/m);
    expect(text).toMatch(/,"'=HYPERLINK\(""x""\) /);
    expect(text).not.toMatch(/,"?=HYPERLINK/);
  });

  test('is refused when it would not hold everything, never cut', async () => {
    expect(await get({ limit: '848' })).toMatchObject({
      status: 413,
      body: { code: 'EXPORT_TOO_MANY_ROWS' },
    });
    expect((await get({ limit: '849' })).status).toBe(200);
    const few = environmentOf(screens().database, 'cuadre_reader', {}, 848);
    expect((await call(limboExport, few)).status).toBe(413);
    expect(Number((await get({ limbo_stage: 'OK', limit: '52' })).headers['x-row-count'])).toBe(52);
  });

  test.each([
    ['limit', '50001'],
    ['limbo_stage', ''],
    ['offset', '1'],
  ])('refuses %s=%s', (field, value) =>
    expectRefused(limboExport, screens().reader, { [field]: value }, field),
  );
});

describe('GET funnel-gap', () => {
  test('counts each figure', async () => {
    const { body } = await call(funnelGap, screens().reader);
    const live = await call(funnelGap, screens().reader, { query: { use_materialized: 'false' } });
    expect(body).toMatchObject({ as_of: { source: 'materialized', as_of: asOf } });
    expect({ ...z.looseObject({}).parse(body), as_of: null }).toEqual({
      ...z.looseObject({}).parse(live.body),
      as_of: null,
    });
    expect(body).toMatchObject({
      total_leads: 849,
      leads_with_identity: 670,
      leads_with_claims: 52,
      leads_without_identity: 179,
      leads_without_claims: 797,
      leads_without_both: 179,
      percentages: {
        with_identity: 78.92,
        with_claims: 6.12,
        without_identity: 21.08,
        without_claims: 93.88,
        without_both: 21.08,
      },
    });
  });

  test('takes no filter', () =>
    expectRefused(funnelGap, screens().reader, { week_start: '2026-01-05' }, 'week_start'));
});

describe('as of', () => {
  const of = z.looseObject({ as_of: z.looseObject({ source: z.string(), refresh_id: z.int().nullable() }) });

  test('the last refresh: which, when and by which run; live it is of no refresh', async () => {
    const kept = of.parse((await call(limbo, screens().reader)).body);
    expect(kept.as_of).toEqual({
      source: 'materialized',
      refresh_id: expect.any(Number),
      as_of: asOf,
      refreshed_at: expect.any(String),
      run_id: screens().refreshed.run_id,
    });
    const live = await call(limbo, screens().reader, { query: { use_materialized: 'false' } });
    expect(live.body).toMatchObject({ summary: everyStage, as_of: { source: 'live', refresh_id: null } });
  });

  test.each([
    ['limbo', limbo],
    ['its export', limboExport],
    ['funnel-gap', funnelGap],
  ] as const)(
    '%s is told unchanged until the next refresh, whatever the tables say',
    async (_what, endpoint) => {
      const database = await ownDatabase({ golden: true });
      const reader = environmentOf(database, 'cuadre_reader');
      const ask = (headers: Record<string, string> = {}) => call(endpoint, reader, { headers });
      expect(await ask()).toMatchObject({ status: 404, body: { code: 'NOT_REFRESHED' } });
      await runJob(database, mvRefresh, { asOf });
      const first = await ask();
      expect(first.status).toBe(200);
      const tag = { 'if-none-match': String(first.headers['etag']) };
      await database.admin.script(
        `update public.module_ct_cabinet_leads set last_name = 'Otro' where id = 1`,
      );
      await database.admin.script(`delete from public.module_ct_cabinet_leads where id = 2`);
      expect([(await ask(tag)).status, (await ask()).body]).toEqual([304, first.body]);
      await runJob(database, mvRefresh, { asOf });
      const second = await ask(tag);
      expect(second.status).toBe(200);
      expect(second.body).not.toEqual(first.body);
    },
  );

  test('before any refresh the live view answers, as often as it is asked', async () => {
    const database = await ownDatabase();
    const reader = environmentOf(database, 'cuadre_reader');
    const query = { use_materialized: 'false' };
    for (const endpoint of [limbo, limboExport, funnelGap]) {
      for (let time = 0; time < 8; time += 1) {
        expect((await call(endpoint, reader, { query })).status).toBe(200);
      }
    }
  });

  test('figures and pages are of one refresh, also where the totals were not refreshed with them', async () => {
    const database = await ownDatabase({ golden: true });
    const reader = environmentOf(database, 'cuadre_reader');
    await runJob(database, mvRefresh, { asOf });
    await database.admin.script(`delete from public.module_ct_cabinet_leads where id <= 10`);
    await runJob(database, mvRefresh, { asOf, mvName: 'ops.mv_cabinet_limbo' });
    const { body } = await call(limbo, reader, { query: { limit: '1000' } });
    const { meta, data } = page.parse(body);
    expect([meta.total, data.length]).toEqual([839, 839]);
  });
});

describe('a large export', () => {
  const objects = testObjects();

  test('is written once for a refresh and a selection', async () => {
    const database = await ownDatabase({ golden: true });
    await database.admin.script(`
      insert into public.module_ct_cabinet_leads (external_id, lead_created_at, first_name)
      select 'x' || n, '2026-01-02', repeat('Ñandú ', 40) from generate_series(1, 20000) n`);
    await runJob(database, mvRefresh, { asOf });
    const reader = environmentOf(database, 'cuadre_reader', {}, 200_000, objects().store);
    const link = z.looseObject({ location: z.url(), rows: z.int(), content_digest: z.string() });
    const get = async (query: Record<string, string>) => {
      const { status, body } = await call(limboExport, reader, { query });
      expect(status).toBe(303);
      const { location, rows, content_digest } = link.parse(body);
      return { path: new URL(location).pathname, rows, content_digest };
    };
    const first = await get({ limit: '50000' });
    expect(first.rows).toBe(20_849);
    expect(await get({ limit: '50000' })).toEqual(first);
    const other = await get({ limit: '50000', limbo_stage: 'NO_IDENTITY' });
    expect(other.path).not.toBe(first.path);
    await runJob(database, mvRefresh, { asOf });
    expect((await get({ limit: '50000' })).path).not.toBe(first.path);
  });
});
