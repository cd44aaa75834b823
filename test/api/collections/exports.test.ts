import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsGapExport } from '../../../functions/api/collections/claims-gap-export.ts';
import { claimsToCollectExport } from '../../../functions/api/collections/claims-to-collect-export.ts';
import { cobranzaExport } from '../../../functions/api/collections/export.ts';
import { limboExport } from '../../../functions/api/collections/limbo-export.ts';
import { spreadsheets } from '../../../functions/api/collections/spreadsheets.ts';
import type { Environment } from '../../../functions/core/services.ts';
import { sqlDirectory } from '../../support/database-server.ts';
import { type Answer, type Call, call, environmentOf } from '../../support/http.ts';
import { testObjects } from '../../support/objects.ts';
import { goldenScreens } from './support.ts';

const screens = goldenScreens();
const objects = testObjects();

const anyRow = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

function byHand(row: z.infer<typeof anyRow>, typed: readonly string[]): string {
  const cells = Object.entries(row).map(([name, value]) => {
    if (value === null) return '';
    if (typeof value === 'boolean') return value ? 'Sí' : 'No';
    const text = typed.includes(name) && /^[=+\-@\t\r]/.test(String(value)) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return cells.join(',');
}

describe('small files', () => {
  // Digests of files whose rows were put together one by one by other code: two writers agree on every byte.
  test.each([
    [cobranzaExport, {}, 664, 'qv0oLjE5dcjqWt4FyLvvWLi4yM6d4pchLG4y/4+0vYE='],
    [claimsGapExport, {}, 64, 'y2S3bY/uamlwgAoCmuWwU56T/omhI2HR2kBsZnxvPRw='],
    [claimsGapExport, { gap_reason: 'OK' }, 30, 'tZvJyAMeexYRFr5fMAcvqVTPO5182xDWWLnGxHUfHww='],
  ] as const)('%# are byte for byte these', async (endpoint, query, rows, digest) => {
    const { headers, body } = await call(endpoint, screens().reader, { query });
    expect([headers['x-row-count'], headers['content-digest']]).toEqual([
      String(rows),
      `sha-256=:${digest}:`,
    ]);
    expect(createHash('sha256').update(String(body)).digest('base64')).toBe(digest);
  });

  // These hold keys that are made anew with every database: what Node's own hand makes of the same rows.
  test('limbo is what its rows say', async () => {
    const rows = await screens().database.admin.sql(anyRow)`
      select
        lead_id, lead_source_pk, lead_date, week_start, park_phone, asset_plate_number, lead_name, person_key, driver_id,
        trips_14d, window_end_14d::date, reached_m1_14d, reached_m5_14d, reached_m25_14d, expected_amount_14d,
        has_claim_m1, has_claim_m5, has_claim_m25, limbo_stage, limbo_reason_detail,
        has_generated_claim_m1, has_generated_claim_m5, has_generated_claim_m25
      from ops.limbo_leads(null, null, null, null) order by week_start desc, lead_date desc, lead_id`;
    const typed = [
      'lead_source_pk',
      'park_phone',
      'asset_plate_number',
      'lead_name',
      'driver_id',
      'limbo_reason_detail',
    ];
    const { body } = await call(limboExport, screens().reader);
    expect(rows).toHaveLength(849);
    expect(String(body).split('\r\n').slice(1)).toEqual([...rows.map((row) => byHand(row, typed)), '']);
  });

  test('the claims to collect are what their rows say', async () => {
    const rows = await screens().database.admin.sql(anyRow)`
      select
        driver_id, driver_name, milestone_value, expected_amount, lead_date, yango_due_date::date,
        days_overdue_yango, overdue_bucket_yango, yango_payment_status, reason_code, identity_status, match_rule, match_confidence,
        is_reconcilable_enriched, payment_key, pay_date, suggested_driver_id, person_key
      from ops.claims_to_collect(null, null, null, null)
      order by days_overdue_yango desc, expected_amount desc, driver_id, milestone_value`;
    const typed = ['driver_id', 'driver_name', 'payment_key', 'suggested_driver_id'];
    const { body } = await call(claimsToCollectExport, screens().reader);
    expect(rows).toHaveLength(191);
    expect(String(body).split('\r\n').slice(1)).toEqual([...rows.map((row) => byHand(row, typed)), '']);
  });

  test.each(spreadsheets.map((each) => [each.route, each] as const))(
    '%s takes inline and refuses anything else of it',
    async (_route, endpoint) => {
      const asked = await call(endpoint, screens().reader, { query: { inline: 'true' } });
      expect(asked.status).toBe(200);
      expect(asked.body).toBe((await call(endpoint, screens().reader)).body);
      expect((await call(endpoint, screens().reader, { query: { inline: 'yes' } })).status).toBe(400);
    },
  );
});

const ROWS = 200_001;
const WEEKS = 3;

/** In place of the materialized view: as many drivers as are too many for one answer, in three weeks. */
const many = `
  create table public.seed as select * from ops.mv_yango_cabinet_cobranza_enriched_14d limit 1;
  drop materialized view ops.mv_yango_cabinet_cobranza_enriched_14d cascade;
  create materialized view ops.mv_yango_cabinet_cobranza_enriched_14d as
    select
      'd' || lpad(i::text, 7, '0') as driver_id,
      -- Every day of the week, the first one most; and some without a date, which the order puts first.
      case when i % 5000 = 7 then null else date '2025-12-29' - 7 * (i % ${WEEKS}) + case when i < 1000 or i % 2 = 0 then 0 else i / 50 % 7 end end as lead_date,
      case when i % 100 = 0 then '=Núñez, "' || i || E'"\\nPérez' else 'Pérez ' || i end as driver_name, iso_week,
      date '2025-12-29' - 7 * (i % ${WEEKS}) as week_start, rest.*
    from generate_series(1, ${ROWS}) i, (
      select
        connected_flag, connected_date, total_trips_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d,
        expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango,
        claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
        paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango,
        scout_id, scout_name, scout_name_normalized, scout_is_active, scout_quality_bucket, is_scout_resolved,
        scout_source_table, scout_attribution_date, scout_priority, person_key, amount_overpaid
      from public.seed) rest, (select iso_week from public.seed) week;
  create index on ops.mv_yango_cabinet_cobranza_enriched_14d (lead_date desc, driver_id);
  grant select on ops.mv_yango_cabinet_cobranza_enriched_14d to cuadre_reader;`;

describe('large files', () => {
  beforeAll(async () => {
    const { admin } = screens().database;
    await admin.script(many);
    // What stands on the view went with it.
    for (const file of ['mv_cabinet_cobranza_totals', 'cabinet_cobranza_totals', '../grants_totals']) {
      await admin.script(readFileSync(join(sqlDirectory, 'cabinet/collections', `${file}.sql`), 'utf8'));
    }
  }, 120_000);
  beforeEach(() => objects().reset());

  const ask = (query: Record<string, string>, over: { maxRows?: number; headers?: Call['headers'] } = {}) =>
    call(cobranzaExport, patient(over.maxRows ?? 200_000), { query, headers: over.headers ?? {} });
  /** Time enough on a busy machine. */
  const patient = (maxRows: number): Environment => {
    const usual = environmentOf(screens().database, 'cuadre_reader', {}, maxRows, objects().store);
    return { ...usual, config: { ...usual.config, FUNCTION_TIMEOUT_SECONDS: 120 } };
  };
  const link = z.strictObject({
    location: z.url(),
    expires_seconds: z.literal(900),
    rows: z.int(),
    bytes: z.int(),
    content_digest: z.string(),
  });

  /** What is behind the link, by which everything said of it holds. */
  async function follow({ status, headers, body }: Answer): Promise<{ text: string; key: string }> {
    expect(status).toBe(303);
    const said = link.parse(body);
    expect(headers).toMatchObject({
      location: said.location,
      'cache-control': 'no-store',
      'x-row-count': String(said.rows),
    });
    const response = await fetch(said.location);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(said.bytes);
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    expect(said.content_digest).toBe(digest);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="cabinet_financial_14d_20260113_0700.csv"',
    );
    expect(response.headers.get('x-amz-meta-row-count')).toBe(String(said.rows));
    expect(response.headers.get('x-amz-meta-content-digest')).toBe(digest);
    return { text: bytes.toString(), key: new URL(said.location).pathname };
  }

  const linesOf = (text: string) => text.split('\r\n').length - 1;
  const puts = () => objects().requests.filter((line) => /^(PUT|POST)/.test(line));

  test('go through S3 by a link, whole, with their digest and their rows', async () => {
    const { text } = await follow(await ask({}));
    expect(linesOf(text)).toBe(ROWS + 1);
    expect(text.startsWith('\uFEFFDriver ID,Conductor')).toBe(true);
    expect(text).toContain(`\r\nd0000100,"'=Núñez, ""100""\nPérez",2025-12-22,`);
    expect(objects().unfinished()).toBe(0);
  }, 120_000);

  test('are written once per refresh and filter, and again for another', async () => {
    const week = { week_start: '2025-12-29' };
    const first = await follow(await ask(week));
    expect(puts().length).toBeGreaterThan(0);
    objects().reset();
    const again = await follow(await ask({ use_materialized: 'true', ...week }));
    expect([again.key, puts()]).toEqual([first.key, []]);
    expect(again.text).toBe(first.text);
    const other = await follow(await ask({ week_start: '2025-12-22' }));
    expect(other.key).not.toBe(first.key);
  });

  test('one whose writer was cut off before it was described is written again', async () => {
    const week = { week_start: '2025-12-15' };
    objects().fault = (line) =>
      line.startsWith('PUT') && !line.includes('partNumber') ? { status: 403 } : undefined;
    expect((await ask(week)).status).toBe(500);
    objects().reset();
    expect(linesOf((await follow(await ask(week))).text)).toBe(66_668);
  });

  /** The second connection's server process, told apart by its name. */
  const second = 'the second connection of an export';

  const sha = (text: string) => createHash('sha256').update(text).digest('base64');

  test('are byte for byte the same on two connections at once and on one', async () => {
    const { admin } = screens().database;
    const together = await follow(await ask({}));
    const lost: unknown[] = [];
    const usual = patient(200_000);
    const alone = {
      ...usual,
      work: screens().database.connect('cuadre_reader', { database: 'nowhere' }),
      log: { ...usual.log, warn: (_message: string, fields: unknown) => void lost.push(fields) },
      // Another file than the one that is there.
      codeVersion: 'alone',
    };
    const one = await follow(await call(cobranzaExport, alone));
    expect(lost).toHaveLength(1);
    expect([one.text.length, sha(one.text)]).toEqual([together.text.length, sha(together.text)]);
    const [all] = await admin.sql(z.strictObject({ ids: z.string() }))`
      select string_agg(driver_id, ',' order by lead_date desc, driver_id) as ids
      from ops.mv_yango_cabinet_cobranza_enriched_14d`;
    const lines = together.text.split('\r\n').slice(1, -1);
    expect(sha(lines.map((line) => line.slice(0, line.indexOf(','))).join())).toBe(sha(all?.ids ?? ''));
  }, 120_000);

  test.each([
    ['lost', 'pg_terminate_backend(pid, 5000)', 503],
    ['told to stop', 'pg_cancel_backend(pid)', 503],
  ])(
    'leave nothing when the second connection is %s on the way',
    async (_what, stop, status) => {
      const before = await objects().list();
      const { admin } = screens().database;
      const work = screens().database.connect('cuadre_reader', { applicationName: second });
      const environment = { ...patient(200_000), work, codeVersion: stop };
      /** Between two of its statements there is nothing to cancel; it comes to one that waits for this upload. */
      const stopIt = async (): Promise<number> => {
        const found = await admin.sql(z.strictObject({ pid: z.int(), done: z.literal(true) }))`
          select pid, case when ${stop}::text like '%cancel%' then pg_cancel_backend(pid) else pg_terminate_backend(pid, 5000) end as done
          from pg_stat_activity where application_name = ${second} and query like 'copy %' and state = 'active'`;
        return found.length === 0 ? stopIt() : found.length;
      };
      let stopped: Promise<number> | undefined;
      objects().fault = async (line) => {
        if (!line.includes('partNumber=2&')) return undefined;
        stopped ??= stopIt();
        await stopped;
        return undefined;
      };
      expect((await call(cobranzaExport, environment)).status).toBe(status);
      expect(await stopped).toBe(1);
      expect(objects().unfinished()).toBe(0);
      expect(await objects().list()).toEqual(before);
      objects().reset();
      expect(linesOf((await follow(await call(cobranzaExport, environment))).text)).toBe(ROWS + 1);
    },
    120_000,
  );

  test('are refused where they are wanted in the answer: by rows before anything is read, by bytes when they are known', async () => {
    const rows = await ask({ inline: 'true' });
    expect([rows.status, rows.body]).toMatchObject([
      413,
      { code: 'EXPORT_TOO_MANY_ROWS', detail: expect.stringContaining('at most 200000 rows') },
    ]);
    const bytes = await ask({ inline: 'true' }, { maxRows: 200_001 });
    expect([bytes.status, bytes.body]).toMatchObject([413, { code: 'EXPORT_TOO_LARGE' }]);
    expect(objects().requests).toEqual([]);
    const { files: _none, ...nowhere } = patient(200_000);
    const nobody = await call(cobranzaExport, nowhere);
    expect([nobody.status, nobody.body]).toMatchObject([413, { code: 'EXPORT_TOO_MANY_ROWS' }]);
    const few = await ask({ week_start: '2025-12-22', inline: 'true' }, { maxRows: 100 });
    expect([few.status, few.body]).toMatchObject([413, { code: 'EXPORT_TOO_MANY_ROWS' }]);
  });

  test('leave nothing when S3 fails, and nothing when the database does', async () => {
    const before = await objects().list();
    objects().fault = (line) => (line.includes('partNumber=1') ? { status: 403 } : undefined);
    const refused = await ask({ min_debt: '0' });
    expect([refused.status, refused.body]).toMatchObject([500, { code: 'OBJECT_STORE_REFUSED' }]);
    const { admin } = screens().database;
    objects().reset();
    objects().fault = async (line) => {
      if (!line.includes('partNumber=2')) return undefined;
      await admin.sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where query like 'copy %' and pid <> pg_backend_pid()`;
      return undefined;
    };
    expect((await ask({ min_debt: '0' })).status).toBe(503);
    expect(objects().unfinished()).toBe(0);
    expect(await objects().list()).toEqual(before);
  }, 120_000);
});
