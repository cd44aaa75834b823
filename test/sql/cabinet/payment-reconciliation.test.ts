import { beforeEach, describe, expect, test } from 'vitest';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { type GivenLead, givenLeads, givenLink, givenPerson, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { type GivenPayment, givenDrivers, payerSays } from '../../support/payments.ts';
import { runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-31';

describe.each(versions)('payments against achievements on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
  });

  const query = (text: string, date?: string) => ask(database.admin, text, date);
  async function given(leads: readonly GivenLead[], payments: readonly GivenPayment[]): Promise<void> {
    await givenLeads(database.admin, leads);
    await payerSays(database.admin, ...payments);
    await runJob(database, paymentsIngest, { asOf });
    await runJob(database, achievementsRecord, { asOf });
  }
  async function trips(driver: string, days: Readonly<Record<string, number>>): Promise<void> {
    for (const [day, count] of Object.entries(days)) {
      await database.admin.sql`
        insert into canon.driver_day_trips (driver_id, trip_date, trips) values (${driver}, ${day}::date, ${count}::integer)`;
    }
  }
  const reconciled = (date?: string) =>
    query(
      'select driver_id, milestone_value, reconciliation_status from ops.v_cabinet_milestones_reconciled order by 1, 2',
      date,
    );
  const paid = () =>
    query('select driver_id, milestone_value, pay_date from ops.v_cabinet_milestones_paid order by 1, 2');
  const causes = () =>
    query(`select driver_id, milestone_value, classification_cause, trips_in_window
           from ops.v_cabinet_paid_without_achievement order by 1, 2`);
  const evidence = async () =>
    (
      await query(
        'select classification_evidence from ops.v_cabinet_paid_without_achievement order by driver_id',
      )
    ).join();

  test('reached and paid is OK, reached alone is to be collected, paid alone keeps its milestone', async () => {
    await given(
      [
        { id: 1, date: '2026-01-05', trips: { 0: 5 } },
        { id: 2, date: '2026-01-05', trips: { 0: 1 } },
      ],
      [
        { id: 1, driver: 'd1', paid: { 1: true, 5: false } },
        { id: 2, driver: 'd3', paid: { 5: true } },
        { id: 3, name: 'Nobody known', paid: { 1: true } },
      ],
    );
    expect(await reconciled()).toEqual([
      'd1 | 1 | OK',
      'd1 | 5 | ACHIEVED_NOT_PAID',
      'd2 | 1 | ACHIEVED_NOT_PAID',
      'd3 | 5 | PAID_WITHOUT_ACHIEVEMENT',
    ]);
    expect(await query('select subject from ops.check_cabinet_reconciled_states')).toEqual([]);
  });

  test('as of a date: neither what was reached nor what was paid after it', async () => {
    await given(
      [{ id: 1, date: '2026-01-05', trips: { 3: 1 } }],
      [
        { id: 1, driver: 'd1', date: '2026-01-10' },
        { id: 2, driver: 'd2', date: null },
      ],
    );
    expect(await reconciled('2026-01-07')).toEqual(['d2 | 1 | PAID_WITHOUT_ACHIEVEMENT']);
    expect(await reconciled('2026-01-09')).toEqual([
      'd1 | 1 | ACHIEVED_NOT_PAID',
      'd2 | 1 | PAID_WITHOUT_ACHIEVEMENT',
    ]);
    expect(await reconciled()).toEqual(['d1 | 1 | OK', 'd2 | 1 | PAID_WITHOUT_ACHIEVEMENT']);
  });

  test('of several payments the latest known date counts; one without a date hides none', async () => {
    await given(
      [],
      [
        { id: 1, driver: 'd1', date: '2026-01-05' },
        { id: 2, driver: 'd1', date: '2026-01-07' },
        { id: 3, driver: 'd1', date: null },
        { id: 4, driver: 'd2', date: null },
        { id: 5, driver: 'd1', date: '2026-01-09', paid: { 1: false } },
      ],
    );
    expect(await paid()).toEqual(['d1 | 1 | 2026-01-07', 'd2 | 1 | -']);
  });

  describe('the cause', () => {
    test('trips from 14 days before the payment to its day count, both included; 15 days before do not', async () => {
      await trips('d1', { '2025-12-22': 3, '2026-01-05': 2 });
      await trips('d2', { '2025-12-21': 9, '2025-12-22': 4, '2026-01-06': 9 });
      await trips('d3', { '2025-12-22': 4, '2026-01-05': 1 });
      await given(
        [],
        [1, 2, 3].map((id) => ({ id, driver: `d${id}`, date: '2026-01-05', paid: { 5: true } })),
      );
      expect(await causes()).toEqual([
        'd1 | 5 | UPSTREAM_OVERPAYMENT | 5',
        'd2 | 5 | INSUFFICIENT_TRIPS_CONFIRMED | 4',
        'd3 | 5 | UPSTREAM_OVERPAYMENT | 5',
      ]);
      expect((await evidence()).split('.,')[1]).toBe(
        '4 viajes entre 2025-12-22 y 2026-01-05; el hito pide 5',
      );
    });

    test('a driver without any trips has none, not an unknown number', async () => {
      await given([], [{ id: 1, driver: 'd1' }]);
      expect(await causes()).toEqual(['d1 | 1 | INSUFFICIENT_TRIPS_CONFIRMED | 0']);
    });

    test('a payment without a date has no rule and no trips, and is counted apart', async () => {
      await trips('d1', { '2026-01-05': 1 });
      await given([], [{ id: 1, driver: 'd1', date: null }]);
      expect(await causes()).toEqual(['d1 | 1 | UPSTREAM_OVERPAYMENT | -']);
      expect(await evidence()).toContain('Fecha de pago desconocida');
      expect(
        await query(
          'select rule_id, first_day_in_window, last_day_in_window from ops.v_cabinet_paid_without_achievement',
        ),
      ).toEqual(['- | - | -']);
      expect(
        await query(
          `select total_cases, without_pay_date from ops.cabinet_paid_causes(null, null) where total_cases > 0`,
        ),
      ).toEqual(['1 | 1']);
      expect(await query(`select sum(total_cases) from ops.cabinet_paid_causes('2000-01-01', null)`)).toEqual(
        ['0'],
      );
    });

    test('the same person reached it as another driver: identity, before everything else', async () => {
      await givenPerson(database.admin, 1);
      await givenLink(database.admin, 1, 'drivers', 'd9', '2025-01-01T00:00:00Z');
      await given(
        [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }],
        [
          { id: 1, driver: 'd8', person: 1, date: null },
          { id: 2, driver: 'd9', date: '2020-01-01' },
          { id: 3, driver: 'd7', person: 1, paid: { 5: true } },
        ],
      );
      expect(await causes()).toEqual([
        'd7 | 5 | INSUFFICIENT_TRIPS_CONFIRMED | 0',
        'd8 | 1 | IDENTITY_MISMATCH | -',
        'd9 | 1 | IDENTITY_MISMATCH | 0',
      ]);
      expect(await evidence()).toContain('La misma persona alcanzó el hito M1 con otro conductor (d1).');
      expect(
        await query(
          `select evidence_type, evidence ->> 'driver_id' from ops.cabinet_payment_evidence('d9', 1)`,
        ),
      ).toEqual([
        'PAID | -',
        'ACHIEVED_by_driver_id | -',
        'ACHIEVED_by_person_key | d1',
        'PAYMENT_RULES | -',
      ]);
    });

    test('a driver known by name alone is no mismatch; a name that contradicts the payer’s own word is', async () => {
      await givenDrivers(database.admin, { d1: 'Ana Quispe', d2: 'Luz Rojas' });
      await given(
        [],
        [
          { id: 1, name: 'Ana Quispe' },
          { id: 2, name: 'Luz Rojas', driver: 'd3' },
        ],
      );
      expect(await causes()).toEqual([
        'd1 | 1 | INSUFFICIENT_TRIPS_CONFIRMED | 0',
        'd3 | 1 | INSUFFICIENT_TRIPS_CONFIRMED | 0',
      ]);
      await given([], [{ id: 2, name: 'Luz Rojas', driver: null }]);
      expect(await causes()).toEqual([
        'd1 | 1 | INSUFFICIENT_TRIPS_CONFIRMED | 0',
        'd2 | 1 | IDENTITY_MISMATCH | 0',
      ]);
      expect(await evidence()).toContain(
        'nombró al conductor d3 y hoy se encuentra por nombre a d2, con confianza medium',
      );
    });
  });

  describe('the rule of a payment', () => {
    /** M5's versions: id, from, to, window. */
    async function versions_(
      ...rules: readonly [number, string, string | null, number?, boolean?][]
    ): Promise<void> {
      await database.admin.script('delete from ops.partner_payment_rules where milestone_trips = 5');
      for (const [id, from, to, window = 14, active = true] of rules) {
        await database.admin.sql`
          insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to, is_active)
          values (${id}::integer, 'cabinet', ${window}::integer, 5, 35, ${from}::date, ${to}::date, ${active}::boolean)`;
      }
    }
    /** The rule, how far off it is, and the cause, of a payment of M5 on that day by a driver of 5 trips that day. */
    async function paidOn(date: string): Promise<string> {
      await trips('d1', { [date]: 5 });
      await given([], [{ id: 1, driver: 'd1', date, paid: { 5: true } }]);
      const [found = ''] =
        await query(`select p.rule_id, r.days_off, p.classification_cause, p.classification_evidence
        from ops.v_cabinet_paid_without_achievement p join ops.v_cabinet_payment_rule r using (driver_id, milestone_value)`);
      return found;
    }

    test.each([
      ['2025-11-01', '41 | 0 | UPSTREAM_OVERPAYMENT'],
      ['2025-12-31', '41 | 0 | UPSTREAM_OVERPAYMENT'],
      ['2026-01-01', '42 | 0 | UPSTREAM_OVERPAYMENT'],
      [
        '2025-10-31',
        '41 | 1 | WINDOW_MISMATCH | La fecha de pago 2025-10-31 es anterior al inicio de la regla (2025-11-01).',
      ],
    ])('paid on %s: %s', async (date, found) => {
      await versions_([41, '2025-11-01', '2025-12-31', 14, false], [42, '2026-01-01', null]);
      expect(await paidOn(date)).toContain(found);
    });

    test.each([
      [
        '2026-01-06',
        '41 | 1 | WINDOW_MISMATCH | La fecha de pago 2026-01-06 es posterior al fin de la regla (2026-01-05).',
      ],
      ['2026-01-08', '41 | 3 | WINDOW_MISMATCH'],
      ['2026-01-12', '42 | 3 | WINDOW_MISMATCH'],
    ])('between two versions the nearest, on %s: %s', async (date, found) => {
      await versions_([41, '2025-11-01', '2026-01-05'], [42, '2026-01-15', null]);
      expect(await paidOn(date)).toContain(found);
    });

    test('as far from both the later one', async () => {
      await versions_([41, '2025-11-01', '2026-01-05'], [42, '2026-01-15', null]);
      expect(await paidOn('2026-01-10')).toContain('42 | 5 | WINDOW_MISMATCH');
    });

    test('of two that hold the day the later valid_from, then the higher id, and one row per payment', async () => {
      await versions_([43, '2025-11-01', null], [41, '2025-12-01', null, 7], [42, '2025-12-01', null, 30]);
      expect(await paidOn('2026-01-10')).toContain('42 | 0');
      expect(
        await query('select count(*), min(rule_window_days) from ops.v_cabinet_paid_without_achievement'),
      ).toEqual(['1 | 30']);
    });

    test('a withdrawn version is nobody’s; without any version the payment has none', async () => {
      await versions_([41, '2025-11-01', null, 14, false]);
      expect(await paidOn('2026-01-10')).toBe(
        '- | - | WINDOW_MISMATCH | No hay ninguna versión de regla para el hito M5.',
      );
      expect(await causes()).toEqual(['d1 | 5 | WINDOW_MISMATCH | -']);
    });
  });

  describe('the signals', () => {
    /** So many payments of each kind: with enough trips, without, before every rule. */
    async function cases({ enough = 0, without = 0, early = 0 }): Promise<void> {
      const payments: GivenPayment[] = [];
      for (let id = 1; id <= enough + without + early; id += 1) {
        if (id <= enough) await trips(`d${id}`, { '2026-01-05': 1 });
        payments.push({ id, driver: `d${id}`, date: id <= enough + without ? '2026-01-05' : '2024-01-01' });
      }
      await given([], payments);
    }
    const signals = () =>
      query(
        'select classification_cause, pct_total, within_band, signal from ops.cabinet_paid_causes(null, null) where total_cases > 0',
      );
    const alarms = () => query('select subject from ops.check_cabinet_paid_causes_in_band order by 1');

    test.each([
      [
        { enough: 3, without: 1 },
        [
          'UPSTREAM_OVERPAYMENT | 75.00 | true | NORMAL',
          'INSUFFICIENT_TRIPS_CONFIRMED | 25.00 | true | NORMAL',
        ],
        [],
      ],
      [
        { enough: 7, without: 3 },
        [
          'UPSTREAM_OVERPAYMENT | 70.00 | true | NORMAL',
          'INSUFFICIENT_TRIPS_CONFIRMED | 30.00 | false | MONITOR',
        ],
        [],
      ],
      [
        { enough: 2, without: 1 },
        [
          'UPSTREAM_OVERPAYMENT | 66.67 | false | NORMAL',
          'INSUFFICIENT_TRIPS_CONFIRMED | 33.33 | false | INVESTIGATE',
        ],
        ['cause:INSUFFICIENT_TRIPS_CONFIRMED'],
      ],
      [{ enough: 3 }, ['UPSTREAM_OVERPAYMENT | 100.00 | false | NORMAL'], []],
      [
        { enough: 3, early: 1 },
        ['UPSTREAM_OVERPAYMENT | 75.00 | true | NORMAL', 'WINDOW_MISMATCH | 25.00 | false | INVESTIGATE'],
        ['cause:WINDOW_MISMATCH'],
      ],
      [
        { enough: 84, without: 20, early: 1 },
        [
          'UPSTREAM_OVERPAYMENT | 80.00 | true | NORMAL',
          'INSUFFICIENT_TRIPS_CONFIRMED | 19.05 | true | NORMAL',
          'WINDOW_MISMATCH | 0.95 | true | REVIEW_CASES',
        ],
        [],
      ],
      [{}, [], []],
    ])('of %j', async (kinds, expected, subjects) => {
      await cases(kinds);
      expect(await signals()).toEqual(expected);
      expect(await alarms()).toEqual(subjects);
    });

    test('nothing at all is in no band and signals nothing', async () => {
      expect(
        await query(
          'select distinct pct_total, within_band, signal from ops.cabinet_paid_causes(null, null)',
        ),
      ).toEqual(['0.00 | - | NORMAL']);
    });
  });
});
