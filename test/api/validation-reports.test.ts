import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { validationReads } from '../../functions/api/validation-reports/index.ts';
import { validationReports } from '../../functions/api/validation-reports/list.ts';
import { validationReport, validationReportPage } from '../../functions/api/validation-reports/show.ts';
import { mvRefresh } from '../../functions/cabinet/mv-refresh.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import { validation } from '../../functions/cabinet/validation.ts';
import type { Endpoint } from '../../functions/core/http.ts';
import { testDatabase } from '../support/database.ts';
import { type Call, call, environmentOf } from '../support/http.ts';
import { runJob } from '../support/run-job.ts';

const database = testDatabase({ golden: true });
const reader = () => environmentOf(database, 'cuadre_reader');
const list = (query: Record<string, string> = {}) => call(validationReports, reader(), { query });
const show = (run_id: string, more: Call = {}) =>
  call(validationReport, reader(), { path: { run_id }, ...more });
const page = (run_id: string, more: Call = {}) =>
  call(validationReportPage, reader(), { path: { run_id }, ...more });
const answered = z.looseObject({
  meta: z.strictObject({ limit: z.int(), returned: z.int(), next_cursor: z.string().nullable() }),
  data: z.array(z.looseObject({ run_id: z.uuid(), as_of: z.string() })),
});

function answerOf({ answer }: Endpoint): z.ZodType {
  if (answer instanceof z.ZodType) return answer;
  throw new Error('no JSON is declared');
}

describe('the validation reports', () => {
  const runs: string[] = [];
  beforeAll(async () => {
    runs.push((await runJob(database, validation, { asOf: '2026-01-12' })).run_id);
    await runJob(database, tripsLoad, { asOf: '2026-01-13' });
    await runJob(database, mvRefresh, { asOf: '2026-01-13' });
    for (const dryRun of [true, false])
      runs.push((await runJob(database, validation, { asOf: '2026-01-13', dryRun })).run_id);
  });

  test('are listed newest first, with their counts, and a page at a time', async () => {
    const whole = answered.parse((await list()).body);
    expect(whole.data.map(({ run_id }) => run_id)).toEqual(runs.toReversed());
    expect(whole.data.map((each) => [each.as_of, each['dry_run'], each['not_evaluated']])).toEqual([
      ['2026-01-13', false, 0],
      ['2026-01-13', true, 0],
      ['2026-01-12', false, expect.any(Number)],
    ]);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { meta, data } = answered.parse((await list({ limit: '1', ...(cursor && { cursor }) })).body);
      seen.push(...data.map(({ run_id }) => run_id));
      cursor = meta.next_cursor;
    }
    expect(seen).toEqual(runs.toReversed());
    expect(answered.parse((await list({ as_of: '2026-01-12' })).body).data).toHaveLength(1);
  });

  test('are what the job wrote, in the shapes that the endpoints declare', async () => {
    const { status, headers, body } = await show(runs[2] ?? '');
    expect(status).toBe(200);
    expect(headers['vary']).toBe('accept');
    expect(answerOf(validationReport).parse(body)).toEqual(body);
    expect(answerOf(validationReports).parse((await list()).body)).toBeDefined();
    expect(body).toMatchObject({
      run_id: runs[2],
      as_of: '2026-01-13',
      dry_run: false,
      figures: { limbo_stages: { NO_IDENTITY: '179', NO_DRIVER: '300' } },
    });
    const { checks } = z.looseObject({ checks: z.array(z.looseObject({ name: z.string() })) }).parse(body);
    expect(checks.find(({ name }) => name === 'scout_coverage')).toMatchObject({
      level: 'H',
      outcome: 'PASSED',
      value: '74.10',
      unit: '%',
      comparison: 'at_least',
      threshold: '70',
    });
    const etag = String(headers['etag']);
    expect((await show(runs[2] ?? '', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('are a page for a browser and data for everyone else', async () => {
    const browser = {
      headers: { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' },
    };
    const shown = await show(runs[2] ?? '', browser);
    expect(shown.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(shown.body).toBe((await page(runs[2] ?? '')).body);
    for (const accept of ['*/*', 'application/json', 'application/json, text/html']) {
      const asked = await show(runs[2] ?? '', { headers: { accept } });
      expect(asked.headers['content-type'], accept).toBe('application/json; charset=utf-8');
    }
  });

  test('the page has every check with its figures, and loads, runs and frames nothing', async () => {
    const { status, headers, body } = await page(runs[2] ?? '');
    expect(status).toBe(200);
    const text = z.string().parse(body);
    const { checks } = z
      .looseObject({ checks: z.array(z.looseObject({ name: z.string(), meaning: z.string() })) })
      .parse((await show(runs[2] ?? '')).body);
    for (const { name } of checks) expect(text).toContain(`<code>${name}</code>`);
    expect(text).toContain('<html lang="es">');
    expect(text).toContain('74.10 %');
    expect(text).toContain('al menos 70 %');
    expect(text).not.toMatch(/<script|<img|<link|<iframe|src=|href=|url\(|@import| on\w+="/);
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    const again = await page(runs[2] ?? '', { headers: { 'if-none-match': String(headers['etag']) } });
    expect(again.status).toBe(304);
  });

  test('what the database holds is text on the page, whatever it looks like', async () => {
    const evil = `<img src=x onerror="alert(1)">'&`;
    await database.admin.transaction(async (sql) => {
      // What succeeded cannot be changed but so.
      await sql.script('set local session_replication_role = replica');
      await sql`
        update ops.job_runs
        set report = jsonb_set(report::jsonb, '{checks,0,examples}',
                               jsonb_build_array(jsonb_build_object('subject', ${evil}::text, 'detail', ${evil}::text,
                                                                    'evidence', jsonb_build_object('x', ${evil}::text))))::json
        where run_id = ${runs[1] ?? ''}::uuid`;
    });
    const text = z.string().parse((await page(runs[1] ?? '')).body);
    expect(text).not.toContain('<img');
    expect(text.match(/&lt;img src=x onerror=(&quot;|\\&quot;)alert\(1\)\1&gt;&#39;&amp;/g)).toHaveLength(3);
  });

  test('a validation before the first refresh says what it could not evaluate', async () => {
    const text = z.string().parse((await page(runs[0] ?? '')).body);
    expect(text).toContain('No evaluada');
    expect(text).toContain('la vista materializada nunca se actualizó');
  });

  test('of a run without one are not found', async () => {
    for (const endpoint of [validationReport, validationReportPage]) {
      const { status, body } = await call(endpoint, reader(), { path: { run_id: crypto.randomUUID() } });
      expect([status, body]).toMatchObject([404, { code: 'NO_VALIDATION' }]);
    }
  });

  test.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', 'ten'],
    ['as_of', '2026-02-30'],
    ['cursor', 'nonsense'],
    ['unknown', '1'],
  ])('refuse %s=%s by name', async (field, value) => {
    const { status, body } = await list({ [field]: value });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(field);
  });

  test('refuse what is no run id', async () => {
    for (const endpoint of validationReads.slice(1)) {
      expect((await call(endpoint, reader(), { path: { run_id: "1' or true" } })).status).toBe(400);
    }
  });
});
