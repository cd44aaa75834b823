import { beforeEach, describe, expect, test } from 'vitest';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { emptiedCollections, givenPayments } from './collections-given.ts';
import { ask } from './relation.ts';

describe.each(versions)('the financial standing on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptiedCollections);
    await givenRules(database.admin);
  });
  const financial = (columns: string, asOf = '2026-02-01') =>
    ask(database.admin, `select ${columns} from ops.v_cabinet_financial_14d order by driver_id`, asOf);

  test('expected, paid and due, per milestone and in all', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2025-12-29', trips: { 0: 5 } }]);
    await givenPayments(database, [{ id: 1, paid: [1], driver: 'd1' }]);
    expect(
      await financial(`driver_id, driver_name, iso_week, week_start, total_trips_14d, reached_m1_14d, reached_m5_14d, reached_m25_14d,
        expected_amount_m1, expected_amount_m5, expected_amount_m25, expected_total_yango`),
    ).toEqual(['d1 | N/A | 2026-01 | 2025-12-29 | 5 | true | true | false | 25.00 | 35.00 | 0.00 | 60.00']);
    expect(
      await financial(`claim_m1_exists, claim_m1_paid, claim_m5_exists, claim_m5_paid, claim_m25_exists, claim_m25_paid,
        paid_amount_m1, paid_amount_m5, paid_amount_m25, total_paid_yango, amount_due_yango, amount_overpaid`),
    ).toEqual(['true | true | true | false | false | false | 25.00 | 0.00 | 0.00 | 25.00 | 35.00 | 0.00']);
  });

  test('a payment for what nobody achieved counts as nothing paid', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
    await givenPayments(database, [{ id: 1, paid: [25], driver: 'd1' }]);
    expect(await financial('total_paid_yango, amount_due_yango, amount_overpaid')).toEqual([
      '0.00 | 25.00 | 0.00',
    ]);
  });

  test('a driver who appeared stands there without trips; connected when he first worked, however late', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05' }]);
    await database.admin.script(`insert into canon.driver_day_trips (driver_id, trip_date, trips, work_seconds) values
      ('d1', '2026-01-01', 9, 100), ('d1', '2026-01-06', 0, 0), ('d1', '2026-01-25', 0, 60), ('d1', '2026-01-26', 3, 60)`);
    const columns = 'connected_flag, connected_date, total_trips_14d, amount_due_yango';
    expect(await financial(columns)).toEqual(['true | 2026-01-25 | 0 | 0.00']);
    expect(await financial(columns, '2026-01-24')).toEqual(['false | - | 0 | 0.00']);
  });

  test('a driver whom only leads speak of stands there for the latest one with trips, and is not connected', async () => {
    const one = { person: 7, event: null } as const;
    await givenLeads(database.admin, [
      { ...one, id: 1, date: '2026-01-01', trips: { 5: 1 } },
      { ...one, id: 2, date: '2026-01-03' },
      { ...one, id: 3, date: '2026-01-20' },
      { ...one, id: 4, date: '2026-01-20', person: 8 },
    ]);
    await database.admin.script('update canon.driver_day_trips set work_seconds = 60');
    expect(await financial('driver_id, lead_date, connected_flag, total_trips_14d, claim_m1_exists')).toEqual(
      ['d7 | 2026-01-03 | false | 1 | false'],
    );
  });

  test('keeps a driver in quarantine, who has no derived claim', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 }, quarantined: true }]);
    expect(await financial('driver_id, claim_m1_exists, expected_total_yango, amount_due_yango')).toEqual([
      'd1 | false | 25.00 | 25.00',
    ]);
  });

  test('leaves other channels out', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', event: { origin: 'fleet_migration' } },
      { id: 2, date: '2026-01-05' },
    ]);
    expect(await financial('driver_id')).toEqual(['d2']);
  });

  test('overpaid is per milestone: a rule with a longer window achieves what the 14 days do not', async () => {
    await database.admin.script(`
      delete from ops.partner_payment_rules where milestone_trips = 5;
      insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
      values ('cabinet', 30, 5, 35.00, '2025-11-01')`);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1, 14: 4 } }]);
    await givenPayments(database, [{ id: 1, paid: [5], driver: 'd1' }]);
    expect(
      await financial(
        'reached_m5_14d, claim_m5_exists, expected_total_yango, total_paid_yango, amount_due_yango, amount_overpaid',
      ),
    ).toEqual(['false | true | 25.00 | 35.00 | -10.00 | 35.00']);
  });

  test('the funnel counts drivers and leads apart, and a week of claims alone too', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 5 } },
      { id: 2, date: '2026-01-05', person: 1, event: null },
      { id: 3, date: '2026-01-06', person: null, driver: null, event: null },
      { id: 4, date: '2026-01-07', driver: null },
      { id: 5, date: '2026-01-12', trips: { 0: 1 }, event: { date: '2026-01-04' } },
    ]);
    expect(
      await ask(
        database.admin,
        `select week_start, leads_total, leads_with_identity, leads_with_driver, distinct_drivers, drivers_with_trips_14d, reached_m1_14d,
           reached_m5_14d, total_trips_14d_sum, claims_expected_m1, claims_expected_m5, debt_expected_total, claims_present_m1,
           claims_missing_m1, pct_with_identity, pct_with_driver, pct_with_trips_14d
         from ops.v_cabinet_14d_funnel_audit_weekly order by 1 desc`,
      ),
    ).toEqual([
      '2026-01-12 | 1 | 1 | 1 | 1 | 1 | 1 | 0 | 1 | 1 | 0 | 25.00 | 0 | 1 | 100.00 | 100.00 | 100.00',
      '2026-01-05 | 4 | 3 | 2 | 1 | 1 | 1 | 1 | 10 | 2 | 2 | 120.00 | 1 | 1 | 75.00 | 66.67 | 50.00',
      '2025-12-29 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0.00 | 1 | -1 | 0.00 | 0.00 | 0.00',
    ]);
  });
});
