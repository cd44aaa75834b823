import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { alertsAcknowledge } from '../../functions/api/alerts-acknowledge.ts';
import { alertsList } from '../../functions/api/alerts-list.ts';
import { alertEvaluation } from '../../functions/cabinet/alert-evaluation.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf, httpEvent } from '../support/http.ts';
import { runJob } from '../support/run-job.ts';

const database = testDatabase({ golden: true });
let reader: Environment;
let operator: Environment;

beforeAll(async () => {
  await runJob(database, tripsLoad, { asOf: '2026-01-13' });
  await runJob(database, alertEvaluation, { asOf: '2026-01-13' });
  reader = environmentOf(database, 'cuadre_reader');
  operator = environmentOf(database, 'cuadre_operator');
});

const row = z.looseObject({
  alert_id: z.string(),
  type: z.string(),
  status: z.string(),
  severity: z.string(),
  acknowledged_by: z.string().nullable(),
});
const page = z.object({
  meta: z.object({ limit: z.int(), returned: z.int(), next_cursor: z.string().nullable() }),
  data: z.array(row),
});

async function alerts(query: Record<string, string> = {}): Promise<z.infer<typeof page>> {
  const { status, body } = await call(alertsList, reader, { query });
  expect(status).toBe(200);
  return page.parse(body);
}
const acknowledge = (id: string, body?: string) =>
  call(alertsAcknowledge, operator, { path: { alert_id: id }, ...(body === undefined ? {} : { body }) });

describe('GET /api/v1/ops/alerts', () => {
  test('answers the alerts with value, threshold and its version, cause and action', async () => {
    const { meta, data } = await alerts();
    expect(meta).toMatchObject({ limit: 20, returned: data.length, next_cursor: null });
    expect(data.find(({ type }) => type === 'PCT_WITH_IDENTITY_THRESHOLD')).toEqual({
      alert_id: expect.stringMatching(/^\d+$/),
      type: 'PCT_WITH_IDENTITY_THRESHOLD',
      subject: 'cabinet',
      status: 'open',
      severity: 'warning',
      message: 'PCT_WITH_IDENTITY_THRESHOLD: 78.92 < 80.0',
      cause: 'Hay leads sin datos suficientes para identificarlos: teléfono, licencia o placa.',
      action: 'Mejorar la calidad de los datos de origen.',
      value: '78.92',
      threshold: '80.0',
      rule_version: 1,
      details: {
        current: '78.92',
        value: '78.92',
        threshold: '80.0',
        comparison: 'below',
        measure: 'value',
        metric: 'limbo_pct_with_identity',
        rule_version: 1,
        total_leads: '849',
        with_identity: '670',
      },
      opened_as_of: '2026-01-13',
      last_as_of: '2026-01-13',
      week_label: '2026-W03',
      opened_at: expect.any(String),
      updated_at: expect.any(String),
      acknowledged_at: null,
      acknowledged_by: null,
      resolved_as_of: null,
      resolved_at: null,
      job_run_id: expect.any(String),
    });
  });

  test('pages by cursor, newest first, each once', async () => {
    const all = (await alerts({ limit: '200' })).data.map(({ alert_id }) => alert_id);
    expect(all.length).toBeGreaterThan(3);
    expect(all).toEqual(all.toSorted((a, b) => Number(b) - Number(a)));
    const paged: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { meta, data } = await alerts({ limit: '2', ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...data.map(({ alert_id }) => alert_id));
      cursor = meta.next_cursor;
    }
    expect(paged).toEqual(all);
  });

  test('filters by severity', async () => {
    expect((await alerts({ severity: 'warning' })).data.length).toBeGreaterThan(3);
    expect((await alerts({ severity: 'info' })).data).toMatchObject([{ type: 'IDENTITY_GAP_24H' }]);
    expect((await alerts({ severity: 'critical' })).data).toEqual([]);
  });

  test.each([
    ['2026-W02', false],
    ['2026-W03', true],
    ['2026-W04', false],
    ['2026-W53', false],
  ])('with the week %s finds the alerts that held in it: %s', async (week, found) => {
    expect((await alerts({ week_label: week })).data.length > 0).toBe(found);
  });

  test('answers 304 while nothing has changed', async () => {
    const first = await call(alertsList, reader);
    const again = await call(alertsList, reader, {
      headers: { 'if-none-match': String(first.headers['etag']) },
    });
    expect(again.status).toBe(304);
  });

  test.each([
    [{ limit: '0' }, 'query.limit'],
    [{ limit: '201' }, 'query.limit'],
    [{ limit: 'ten' }, 'query.limit'],
    [{ severity: 'ERROR' }, 'query.severity'],
    [{ severity: "info' or '1'='1" }, 'query.severity'],
    [{ acknowledged: 'yes' }, 'query.acknowledged'],
    [{ week_label: '2026-03' }, 'query.week_label'],
    [{ week_label: '2026-W00' }, 'query.week_label'],
    [{ week_label: '2025-W53' }, 'query.week_label'],
    [{ week_label: '0000-W01' }, 'query.week_label'],
    [{ cursor: Buffer.from('[1]').toString('base64url') }, 'query.cursor'],
    [{ cursor: Buffer.from('["1; drop"]').toString('base64url') }, 'query.cursor'],
    [{ status: 'open' }, 'query.status'],
  ])('refuses %j with 400, naming the field and its value', async (query, field) => {
    const { status, body } = await call(alertsList, reader, { query });
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        problems: [{ field, value: Object.values(query)[0], rule: expect.any(String) }],
      }),
    ]);
  });
});

describe('POST /api/v1/ops/alerts/{alert_id}/acknowledge', () => {
  const changes = () =>
    database.admin.sql(z.strictObject({ n: z.string() }))`select count(*) as n from ops.alert_history`;

  test('records who, once; the second time answers the same and changes nothing', async () => {
    const id = (await alerts()).data[0]?.alert_id ?? '';
    const event = httpEvent(alertsAcknowledge, { path: { alert_id: id } });
    Object.assign(event.requestContext, { authorizer: { jwt: { claims: { sub: 'ana' } } } });
    const log = operator.log;
    const first = await alertsAcknowledge.handle(event, { environment: operator, log });
    expect([first.statusCode, JSON.parse(first.body ?? '')]).toEqual([
      200,
      expect.objectContaining({ alert_id: id, status: 'acknowledged', acknowledged_by: 'ana' }),
    ]);
    const before = await changes();
    const again = await acknowledge(id, '{}');
    expect([again.status, again.body]).toEqual([200, JSON.parse(first.body ?? '')]);
    expect(await changes()).toEqual(before);
    const ids = async (acknowledged: string) =>
      (await alerts({ acknowledged })).data.map(({ alert_id }) => alert_id);
    expect(await ids('true')).toEqual([id]);
    expect(await ids('false')).toHaveLength((await alerts()).data.length - 1);
  });

  test('answers 404 where there is none', async () => {
    expect(await acknowledge('999999')).toMatchObject({ status: 404, body: { code: 'UNKNOWN_ALERT' } });
  });

  test.each([
    ['a word', 'one'],
    ['a negative number', '-1'],
    ['a number too long', '9'.repeat(19)],
    ['SQL', "1' or '1'='1"],
  ])('refuses %s with 400', async (_what, id) => {
    expect(await acknowledge(id)).toMatchObject({
      status: 400,
      body: { problems: [{ field: 'path.alert_id', value: id }] },
    });
  });

  test('takes neither a body nor a query', async () => {
    const before = await changes();
    expect(await acknowledge('1', '{"by": "ana"}')).toMatchObject({
      status: 400,
      body: { problems: [{ field: 'body' }] },
    });
    const queried = await call(alertsAcknowledge, operator, {
      path: { alert_id: '1' },
      query: { by: 'ana' },
    });
    expect(queried).toMatchObject({ status: 400, body: { problems: [{ field: 'query.by' }] } });
    expect(await changes()).toEqual(before);
  });
});
