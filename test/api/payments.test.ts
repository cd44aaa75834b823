import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { paymentsCase } from '../../functions/api/payments-case.ts';
import { paymentsCauses } from '../../functions/api/payments-causes.ts';
import { paymentsExamples } from '../../functions/api/payments-examples.ts';
import { paymentsReconciliation } from '../../functions/api/payments-reconciliation.ts';
import { paidCase, reconciledRow } from '../../functions/api/payments-rows.ts';
import { paymentsWithoutAchievement } from '../../functions/api/payments-without-achievement.ts';
import { achievementsRecord } from '../../functions/cabinet/achievements-record.ts';
import { paymentsIngest } from '../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import type { Endpoint } from '../../functions/core/http.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { runJob } from '../support/run-job.ts';

const asOf = '2026-01-13';
const database = testDatabase({ golden: true });
let reader: Environment;

beforeAll(async () => {
  await runJob(database, paymentsIngest, { asOf });
  await runJob(database, tripsLoad, { asOf });
  await runJob(database, achievementsRecord, { asOf });
  reader = environmentOf(database, 'cuadre_reader');
});

type Query = Record<string, string>;

async function get<S extends z.ZodType>(
  endpoint: Endpoint,
  answer: S,
  query: Query = {},
): Promise<z.output<S>> {
  const { status, body } = await call(endpoint, reader, { query });
  expect([status, body]).toEqual([200, expect.anything()]);
  return answer.parse(body);
}

/** Every row of a list, page by page: by offset, then by cursor. */
async function twice<S extends z.ZodType>(
  endpoint: Endpoint,
  row: S,
  limit: number,
): Promise<{ byOffset: z.output<S>[]; byCursor: z.output<S>[] }> {
  const page = z.object({ total: z.int(), rows: z.array(row), next_cursor: z.string().nullable() });
  const byOffset: z.output<S>[] = [];
  const byCursor: z.output<S>[] = [];
  for (let total = 1; byOffset.length < total; ) {
    const query = { limit: String(limit), offset: String(byOffset.length) };
    const found = await get(endpoint, page, query);
    total = found.total;
    byOffset.push(...found.rows);
  }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const found = await get(endpoint, page, {
      limit: String(limit),
      ...(cursor === undefined ? {} : { cursor }),
    });
    byCursor.push(...found.rows);
    cursor = found.next_cursor;
  }
  return { byOffset, byCursor };
}

const list = z.object({
  status: z.literal('ok'),
  count: z.int(),
  total: z.int(),
  filters: z.record(z.string(), z.union([z.string(), z.int()])),
});
const reconciledPage = list.extend({ rows: z.array(reconciledRow), next_cursor: z.string().nullable() });
const paidPage = list.extend({ rows: z.array(paidCase), next_cursor: z.string().nullable() });

describe('GET reconciliation', () => {
  const reconciliation = (query: Query = {}) => get(paymentsReconciliation, reconciledPage, query);

  test('answers every milestone reached or paid with its 20 fields, in order of driver and milestone', async () => {
    const { count, total, filters, rows } = await reconciliation({ limit: '10000' });
    expect({ count, total, filters }).toEqual({
      count: 312,
      total: 312,
      filters: { limit: 10_000, offset: 0 },
    });
    expect(Object.keys(reconciledRow.shape)).toHaveLength(20);
    const keys = rows.map((row) => `${row.driver_id} ${String(row.milestone_value).padStart(2, '0')}`);
    expect(keys).toEqual([...new Set(keys)].toSorted());
  });

  test.each([
    [{ reconciliation_status: 'OK' }, 54],
    [{ reconciliation_status: 'ACHIEVED_NOT_PAID' }, 206],
    [{ reconciliation_status: 'PAID_WITHOUT_ACHIEVEMENT' }, 52],
    [{ reconciliation_status: 'NOT_APPLICABLE' }, 0],
    [{ reconciliation_status: 'PAID_WITHOUT_ACHIEVEMENT', milestone_value: '1' }, 34],
    [{ reconciliation_status: 'PAID_WITHOUT_ACHIEVEMENT', milestone_value: '25' }, 5],
    [{ driver_id: 'nobody' }, 0],
  ])('filters by %j: %i', async (query, total) => {
    expect((await reconciliation(query)).total).toBe(total);
  });

  test('filters by the date of payment, else of achievement, both ends included', async () => {
    const all = (await reconciliation({ limit: '10000' })).rows;
    const dates = all.map((row) => row.pay_date ?? row.achieved_date ?? '').toSorted();
    const day = dates[150] ?? '';
    const of = async (query: Query) => (await reconciliation(query)).total;
    expect(await of({ date_from: day, date_to: day })).toBe(dates.filter((each) => each === day).length);
    expect(await of({ date_from: day })).toBe(dates.filter((each) => each >= day).length);
    expect(await of({ date_to: day })).toBe(dates.filter((each) => each <= day).length);
  });

  test('pages by offset and by cursor through the same rows, each once', async () => {
    const all = (await reconciliation({ limit: '10000' })).rows;
    expect(await twice(paymentsReconciliation, reconciledRow, 100)).toEqual({ byOffset: all, byCursor: all });
  });

  test('answers 304 while nothing has changed', async () => {
    const first = await call(paymentsReconciliation, reader);
    const headers = { 'if-none-match': String(first.headers['etag']) };
    expect((await call(paymentsReconciliation, reader, { headers })).status).toBe(304);
  });
});

describe('GET paid-without-achievement', () => {
  const cases = (query: Query = {}) => get(paymentsWithoutAchievement, paidPage, query);

  test('answers the 52 with cause and evidence, the latest of each cause first', async () => {
    const { total, rows } = await cases({ limit: '1000' });
    expect([total, rows.length]).toEqual([52, 52]);
    const order = rows.map(({ classification_cause, pay_date }) => [classification_cause, pay_date ?? '']);
    expect(order.map(([cause]) => cause)).toEqual(order.map(([cause]) => cause).toSorted());
    for (const cause of ['INSUFFICIENT_TRIPS_CONFIRMED', 'UPSTREAM_OVERPAYMENT']) {
      const dates = order.filter(([each]) => each === cause).map(([, date]) => date);
      expect(dates).toEqual(dates.toSorted().toReversed());
    }
    for (const row of rows.filter((each) => each.classification_cause === 'INSUFFICIENT_TRIPS_CONFIRMED')) {
      expect(row.trips_in_window).toBeLessThan(row.milestone_value);
      expect(row.classification_evidence).toBe(
        `${row.trips_in_window} viajes entre ${row.first_day_in_window} y ${row.last_day_in_window}; el hito pide ${row.milestone_value}.`,
      );
    }
  });

  test.each([
    [{ classification_cause: 'UPSTREAM_OVERPAYMENT' }, 41],
    [{ classification_cause: 'INSUFFICIENT_TRIPS_CONFIRMED', milestone_value: '5' }, 3],
    [{ classification_cause: 'IDENTITY_MISMATCH' }, 0],
    [{ date_from: '2100-01-01' }, 0],
    [{ date_to: '2100-01-01', driver_id: 'nobody' }, 0],
  ])('filters by %j: %i', async (query, total) => {
    expect((await cases(query)).total).toBe(total);
  });

  test('pages by offset and by cursor through the same rows, each once', async () => {
    const all = (await cases({ limit: '1000' })).rows;
    expect(await twice(paymentsWithoutAchievement, paidCase, 9)).toEqual({ byOffset: all, byCursor: all });
  });
});

const causesPage = z.object({
  total_cases: z.int(),
  unique_drivers: z.int(),
  not_applicable: z.int(),
  causes: z.array(
    z.looseObject({ classification_cause: z.string(), total_cases: z.int(), signal: z.string() }),
  ),
  by_month: z.array(
    z.object({ month: z.string().nullable(), total_cases: z.int(), causes: z.record(z.string(), z.int()) }),
  ),
  possible_explanations: z.array(z.string()),
});

describe('GET paid-without-achievement/counts', () => {
  const counts = (query: Query = {}) => get(paymentsCauses, causesPage, query);

  test('counts by cause beside the ordinary bands', async () => {
    const { causes, ...rest } = await counts();
    expect(rest).toMatchObject({ total_cases: 52, not_applicable: 0 });
    expect(rest.possible_explanations).toHaveLength(7);
    expect(causes[0]).toEqual({
      classification_cause: 'UPSTREAM_OVERPAYMENT',
      total_cases: 41,
      unique_drivers: 32,
      count_m1: 27,
      count_m5: 10,
      count_m25: 4,
      without_pay_date: 0,
      pct_total: '78.85',
      expected_pct: '79',
      band_from: '70',
      band_to: '85',
      within_band: true,
      signal: 'NORMAL',
      meaning: expect.stringContaining('comportamiento válido del upstream'),
      action: 'Ninguna: estado final y válido.',
    });
    expect(causes[1]).toMatchObject({
      classification_cause: 'INSUFFICIENT_TRIPS_CONFIRMED',
      total_cases: 11,
      unique_drivers: 11,
      count_m1: 7,
      count_m5: 3,
      count_m25: 1,
      pct_total: '21.15',
      signal: 'NORMAL',
    });
    expect(causes.slice(2).map(({ total_cases }) => total_cases)).toEqual([0, 0]);
  });

  test('the months add up to the whole, and each is what its dates give', async () => {
    const { by_month } = await counts();
    expect(by_month.reduce((sum, { total_cases }) => sum + total_cases, 0)).toBe(52);
    const december = by_month.find(({ month }) => month === '2025-12');
    const alone = await counts({ date_from: '2025-12-01', date_to: '2025-12-31' });
    expect(alone.by_month).toEqual([december]);
    const given = alone.causes.filter((each) => each.total_cases > 0);
    expect(Object.fromEntries(given.map((each) => [each.classification_cause, each.total_cases]))).toEqual(
      december?.causes,
    );
  });
});

describe('GET paid-without-achievement/examples', () => {
  const page = z.object({
    causes: z.array(
      z.object({ classification_cause: z.string(), total_cases: z.int(), rows: z.array(paidCase) }),
    ),
  });

  test('answers ten of each cause that has any, the first of the list', async () => {
    const { causes } = await get(paymentsExamples, page);
    expect(
      causes.map(({ classification_cause, total_cases, rows }) => [
        classification_cause,
        total_cases,
        rows.length,
      ]),
    ).toEqual([
      ['INSUFFICIENT_TRIPS_CONFIRMED', 11, 10],
      ['UPSTREAM_OVERPAYMENT', 41, 10],
    ]);
    for (const { classification_cause, rows } of causes) {
      const listed = await get(paymentsWithoutAchievement, paidPage, { classification_cause, limit: '10' });
      expect(rows).toEqual(listed.rows);
    }
    expect((await get(paymentsExamples, page, { limit: '2' })).causes.map(({ rows }) => rows.length)).toEqual(
      [2, 2],
    );
  });
});

const casePage = z.object({
  reconciliation_status: z.string(),
  explanation: z.string(),
  possible_explanations: z.array(z.string()),
  milestones_of_driver: z.array(reconciledRow),
  classification: paidCase.extend({ meaning: z.string(), action: z.string() }).nullable(),
  evidence: z.array(z.object({ evidence_type: z.string(), evidence: z.record(z.string(), z.json()) })),
  payment_states: z.array(z.looseObject({ revision: z.int(), is_paid: z.boolean() })),
  achievement_today: z.looseObject({ today: z.string() }).nullable(),
  trips: z.array(
    z.object({
      prod_date: z.string(),
      trips: z.int(),
      trips_to_date: z.int(),
      in_payment_window: z.boolean(),
    }),
  ),
});

describe('GET paid-without-achievement/case', () => {
  const diagnosis = (row: { driver_id: string; milestone_value: number }) =>
    get(paymentsCase, casePage, { driver_id: row.driver_id, milestone_value: String(row.milestone_value) });
  const one = async (query: Query) => {
    const [row] = (await get(paymentsReconciliation, reconciledPage, { ...query, limit: '1' })).rows;
    if (row === undefined) throw new Error('the golden set has rows of every status');
    return row;
  };

  test('explains every one of the 52 with its own evidence', async () => {
    const { rows } = await get(paymentsWithoutAchievement, paidPage, { limit: '1000' });
    for (const row of rows) {
      const found = await diagnosis(row);
      expect(found.classification).toMatchObject(row);
      expect(found.explanation).toContain('comportamiento válido del upstream');
      expect(found.explanation).toContain(row.classification_evidence);
      expect(found.evidence.map(({ evidence_type }) => evidence_type)).toEqual([
        'PAID',
        'ACHIEVED_by_driver_id',
        'PAYMENT_RULES',
      ]);
      expect(found.evidence[1]?.evidence).toEqual({});
      const inWindow = found.trips.filter((day) => day.in_payment_window);
      expect(inWindow.reduce((sum, { trips }) => sum + trips, 0)).toBe(row.trips_in_window);
      expect(found.payment_states.length).toBeGreaterThan(0);
      expect(found.achievement_today).toBeNull();
    }
  });

  test('of a milestone reached says so, with the days recorded and what would be worked out today', async () => {
    const paid = await diagnosis(await one({ reconciliation_status: 'OK' }));
    expect(paid).toMatchObject({
      explanation: 'El conductor alcanzó el hito y el upstream lo pagó.',
      possible_explanations: [],
      classification: null,
      achievement_today: { today: 'SAME' },
    });
    expect(paid.evidence[1]?.evidence['trip_days']).toEqual(expect.arrayContaining([expect.anything()]));
    const unpaid = await diagnosis(await one({ reconciliation_status: 'ACHIEVED_NOT_PAID' }));
    expect(unpaid.explanation).toContain('corresponde a cobranza');
    expect(unpaid.evidence[0]).toEqual({ evidence_type: 'PAID', evidence: {} });
    expect(unpaid.payment_states).toEqual([]);
  });

  test('of what is neither reached nor paid is 404', async () => {
    const query = { driver_id: 'nobody', milestone_value: '5' };
    const { status, body } = await call(paymentsCase, reader, { query });
    expect([status, body]).toEqual([
      404,
      expect.objectContaining({ code: 'UNKNOWN_CASE', detail: expect.stringContaining('nobody') }),
    ]);
  });
});

describe('a parameter that is wrong', () => {
  const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const injection = "x' or '1'='1";
  const given: [Endpoint, Query, string][] = [
    [paymentsReconciliation, { driver_id: injection }, 'driver_id'],
    [paymentsReconciliation, { driver_id: '' }, 'driver_id'],
    [paymentsReconciliation, { driver_id: 'd\u0000' }, 'driver_id'],
    [paymentsReconciliation, { reconciliation_status: 'PAID' }, 'reconciliation_status'],
    [paymentsReconciliation, { milestone_value: '2' }, 'milestone_value'],
    [paymentsReconciliation, { date_from: '2026-02-30' }, 'date_from'],
    [paymentsReconciliation, { date_to: '13-01-2026' }, 'date_to'],
    [paymentsReconciliation, { limit: '10001' }, 'limit'],
    [paymentsReconciliation, { offset: '1.5' }, 'offset'],
    [paymentsReconciliation, { cursor: cursorOf(['d1', 99_999_999_999]) }, 'cursor'],
    [paymentsReconciliation, { status: 'OK' }, 'status'],
    [paymentsWithoutAchievement, { classification_cause: 'OVERPAYMENT' }, 'classification_cause'],
    [paymentsWithoutAchievement, { driver_id: injection }, 'driver_id'],
    [paymentsWithoutAchievement, { milestone_value: '=1' }, 'milestone_value'],
    [paymentsWithoutAchievement, { date_from: 'yesterday' }, 'date_from'],
    [paymentsWithoutAchievement, { date_to: '2026-13-01' }, 'date_to'],
    [paymentsWithoutAchievement, { limit: '0' }, 'limit'],
    [paymentsWithoutAchievement, { offset: '-1' }, 'offset'],
    [paymentsWithoutAchievement, { cursor: cursorOf(['UPSTREAM_OVERPAYMENT', 'x', 'd', 1]) }, 'cursor'],
    [paymentsWithoutAchievement, { cause: 'UPSTREAM_OVERPAYMENT' }, 'cause'],
    [paymentsCauses, { date_from: '1' }, 'date_from'],
    [paymentsCauses, { date_to: injection }, 'date_to'],
    [paymentsCauses, { month: '2026-01' }, 'month'],
    [paymentsExamples, { limit: '101' }, 'limit'],
    [paymentsExamples, { offset: '1' }, 'offset'],
    [paymentsCase, { driver_id: injection, milestone_value: '1' }, 'driver_id'],
    [paymentsCase, { milestone_value: '7', driver_id: 'd1' }, 'milestone_value'],
    [paymentsCase, { limit: '1', driver_id: 'd1', milestone_value: '1' }, 'limit'],
  ];

  test.each(given)('is refused with 400, naming field and value: %o %j', async (endpoint, query, field) => {
    const { status, body } = await call(endpoint, reader, { query });
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        problems: [
          { field: `query.${field}`, value: query[field], rule: expect.stringMatching(/^(must be|is not) /) },
        ],
      }),
    ]);
  });

  test('and one that is missing is named too', async () => {
    const { status, body } = await call(paymentsCase, reader);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        problems: [
          { field: 'query.driver_id', rule: expect.stringContaining('must be a driver id') },
          { field: 'query.milestone_value', rule: expect.stringContaining('must be one of the milestones') },
        ],
      }),
    ]);
  });
});
