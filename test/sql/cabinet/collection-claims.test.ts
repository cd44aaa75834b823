import { beforeEach, describe, expect, test } from 'vitest';
import { givenLeads, givenLink, givenPerson, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { emptiedCollections, givenPayments } from './collections-given.ts';
import { ask } from './relation.ts';

describe.each(versions)('claims to collect on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptiedCollections);
    await givenRules(database.admin);
  });
  const status = (columns: string, asOf = '2026-01-25') =>
    ask(
      database.admin,
      `select ${columns} from ops.v_claims_payment_status_cabinet order by driver_id, milestone_value`,
      asOf,
    );
  const collection = (columns: string) =>
    ask(
      database.admin,
      `select ${columns} from ops.v_yango_cabinet_claims_for_collection order by driver_id, milestone_value`,
      '2026-01-25',
    );

  // Due on 2026-01-15, 14 days after the lead.
  test.each([
    ['2026-01-14', 0, '0_not_due', 'P2_not_due', '0_not_due'],
    ['2026-01-15', 0, '0_not_due', 'P2_not_due', '0_not_due'],
    ['2026-01-16', 1, '1_1_7', 'P2_not_due', '1_1_7'],
    ['2026-01-22', 7, '1_1_7', 'P2_not_due', '1_1_7'],
    ['2026-01-23', 8, '2_8_14', 'P1_watch', '2_8_14'],
    ['2026-01-29', 14, '2_8_14', 'P1_watch', '2_8_14'],
    ['2026-01-30', 15, '3_15_30', 'P0_collect_now', '3_15_30'],
    ['2026-02-14', 30, '3_15_30', 'P0_collect_now', '3_15_30'],
    ['2026-02-15', 31, '4_31_60', 'P0_collect_now', '4_30_plus'],
    ['2026-03-16', 60, '4_31_60', 'P0_collect_now', '4_30_plus'],
    ['2026-03-17', 61, '5_60_plus', 'P0_collect_now', '4_30_plus'],
  ])('as of %s: %i days overdue, %s, %s', async (asOf, days, bucket, priority, collectionBucket) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-01', trips: { 0: 1 } }]);
    expect(await status('due_date, days_overdue, bucket_overdue, action_priority', asOf)).toEqual([
      `2026-01-15T00:00:00 | ${days} | ${bucket} | ${priority}`,
    ]);
    expect(
      await ask(
        database.admin,
        'select days_overdue_yango, overdue_bucket_yango from ops.v_yango_cabinet_claims_for_collection',
        asOf,
      ),
    ).toEqual([`${days} | ${collectionBucket}`]);
  });

  test('outside a job today is the day in Lima', async () => {
    expect(
      await ask(database.admin, `select ops.today() = (now() at time zone 'America/Lima')::date`),
    ).toEqual(['true']);
  });

  test('each reason: paid, another milestone, the person alone, nothing', async () => {
    await givenLeads(
      database.admin,
      [1, 2, 3, 4, 5].map((id) => ({ id, date: '2026-01-05', trips: { 0: 1 } })),
    );
    await givenPerson(database.admin, 3);
    await givenLink(database.admin, 3, 'drivers', 'a-other', '2025-01-01T00:00:00Z');
    await givenPayments(database, [
      { id: 1, paid: [1], driver: 'd1' },
      { id: 2, paid: [5], driver: 'd2' },
      { id: 3, paid: [1], driver: 'a-other' },
      { id: 4, paid: [1], person: 4, name: 'Nobody Known' },
    ]);
    expect(await status('driver_id, paid_flag, payment_status, payment_reason, reason_code')).toEqual([
      'd1 | true | paid | payment_found | paid',
      'd2 | false | not_paid | no_payment_found | payment_found_other_milestone',
      'd3 | false | not_paid | no_payment_found | payment_found_person_key_only',
      'd4 | false | not_paid | no_payment_found | payment_found_person_key_only',
      'd5 | false | not_paid | no_payment_found | no_payment_found',
    ]);
    expect(
      await collection(
        'driver_id, yango_payment_status, suggested_driver_id, is_reconcilable_enriched, identity_status',
      ),
    ).toEqual([
      'd1 | PAID | - | true | confirmed',
      'd2 | PAID_MISAPPLIED | - | false | -',
      'd3 | UNPAID | a-other | true | confirmed',
      'd4 | UNPAID | - | false | ambiguous',
      'd5 | UNPAID | - | false | -',
    ]);
    expect(
      await ask(
        database.admin,
        'select driver_id from ops.v_yango_cabinet_claims_exigimos order by 1',
        '2026-01-25',
      ),
    ).toEqual(['d3', 'd4', 'd5']);
  });

  test('of several payments the latest dated one counts, and one without date after all of them', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
    await givenPayments(database, [
      { id: 1, paid: [1], driver: 'd1', date: '2026-01-10' },
      { id: 2, paid: [1], driver: 'd1', date: '2026-01-12' },
      { id: 3, paid: [1], driver: 'd1', date: null },
    ]);
    expect(await status('paid_date')).toEqual(['2026-01-12']);
    expect(await status('paid_date', '2026-01-11')).toEqual(['2026-01-10']);
    expect(await status('paid_flag, paid_date', '2026-01-09')).toEqual(['true | -']);
  });

  test('a name pays its driver’s claim, in any order, without accents, case or punctuation; a name of two pays none', async () => {
    await givenLeads(
      database.admin,
      [1, 2, 3, 4].map((id) => ({ id, date: '2026-01-05', trips: { 0: 1 } })),
    );
    await database.admin.script(`insert into public.drivers (driver_id, full_name, first_name, middle_name, last_name) values
      ('d1', 'Núñez Peña, José', null, null, null), ('d2', '', 'Ana', null, 'Ruiz'), ('d3', 'Luis Paz', null, null, null),
      ('d4', 'PAZ  LUIS', null, null, null)`);
    await givenPayments(database, [
      { id: 1, paid: [1], name: 'JOSE  nunez-PEÑA' },
      { id: 2, paid: [1], name: ' ruiz ana ' },
      { id: 3, paid: [1], name: 'Luis Paz' },
      { id: 4, paid: [1], name: 'Luis Paz', driver: 'd4' },
      { id: 5, paid: [5], name: '   ', driver: 'd3' },
    ]);
    expect(
      await status(
        'driver_id, reason_code, payment_identity_status, payment_match_rule, payment_match_confidence',
      ),
    ).toEqual([
      'd1 | paid | enriched | name_unique | medium',
      'd2 | paid | enriched | name_unique | medium',
      'd3 | payment_found_other_milestone | - | - | -',
      'd4 | paid | confirmed | source_upstream | high',
    ]);
  });

  test('a payment that the ledger does not have yet pays nothing', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
    await database.admin.script(`insert into public.module_ct_cabinet_payments (id, date, driver, driver_id, trip_1)
      values (1, '2026-01-10', 'X Y', 'd1', true)`);
    expect(await status('reason_code')).toEqual(['no_payment_found']);
    await givenPayments(database, []);
    expect(await status('reason_code')).toEqual(['paid']);
  });

  test('derived claims are those of the cabinet and the payer, at the amount of the version in force', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 13: 4 } },
      { id: 2, date: '2026-01-05', trips: { 14: 30 } },
      { id: 3, date: '2026-01-05', trips: { 0: 5 }, event: { origin: 'fleet_migration' } },
      { id: 4, date: '2026-01-05', trips: { 0: 25 }, quarantined: true },
    ]);
    await database.admin.script(`insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from)
      select id, 'cabinet', 7, 1, 20.00, '2025-11-01' from ops.partner_payment_rules where milestone_trips = 25`);
    expect(await status('driver_id, milestone_value, expected_amount, lead_date')).toEqual([
      'd1 | 1 | 25.00 | 2026-01-05',
      'd1 | 5 | 35.00 | 2026-01-05',
    ]);
  });

  test('the families differ where one has a claim that the other has not', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1 } },
      { id: 2, date: '2026-01-05', trips: { 0: 1 } },
      { id: 3, date: '2026-01-05' },
    ]);
    await database.admin.script(`
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected)
      select ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'd' || n, n::text, '2026-01-05', 1, 25
      from unnest(array[2, 3]) n`);
    expect(
      await ask(
        database.admin,
        `select evidence ->> 'family', evidence ->> 'driver_id', evidence ->> 'amount' from ops.check_cabinet_claim_families order by 2`,
      ),
    ).toEqual(['derived_without_generated | d1 | 25.00', 'generated_without_derived | d3 | 25.00']);
  });
});
