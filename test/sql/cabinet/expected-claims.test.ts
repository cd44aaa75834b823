import { beforeEach, describe, expect, test } from 'vitest';
import { type GivenLead, givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the expected claims on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const expected = (columns: string, asOf?: string) =>
    ask(
      database.admin,
      `select ${columns} from ops.v_cabinet_claims_expected_14d order by lead_id, milestone`,
      asOf,
    );
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
  });

  test('have the columns of their contract, in its order', async () => {
    const columns = `
      select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
      from pg_attribute where attrelid = 'ops.v_cabinet_claims_expected_14d'::regclass and attnum between 1 and 13`;
    expect(await ask(database.admin, columns)).toEqual([
      'lead_id integer, lead_source_pk text, lead_date_canonico date, week_start date, person_key text, ' +
        'driver_id character varying, window_end_14d timestamp without time zone, milestone integer, ' +
        'trips_in_window bigint, milestone_reached boolean, claim_expected boolean, amount_expected numeric(12,2), ' +
        'expected_reason_detail text',
    ]);
  });

  test.each([
    [0, '0.00'],
    [1, '25.00'],
    [4, '25.00'],
    [5, '60.00'],
    [24, '60.00'],
    [25, '160.00'],
    [26, '160.00'],
  ])('of a lead with %i trips come to S/ %s', async (trips, amount) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 2: trips } }]);
    const sum = `select coalesce(sum(amount_expected), 0.00) from ops.v_cabinet_claims_expected_14d where claim_expected`;
    expect(await ask(database.admin, sum)).toEqual([amount]);
  });

  test('are three rows per lead: each milestone by itself, with its amount, expected or not', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-04 23:59', trips: { 0: 3, 13: 2 } }]);
    expect(
      await expected(
        'lead_date_canonico, week_start, window_end_14d, milestone, trips_in_window, milestone_reached, claim_expected, amount_expected, expected_reason_detail',
      ),
    ).toEqual([
      '2026-01-04 | 2025-12-29 | 2026-01-18T00:00:00 | 1 | 5 | true | true | 25.00 | OK',
      '2026-01-04 | 2025-12-29 | 2026-01-18T00:00:00 | 5 | 5 | true | true | 35.00 | OK',
      '2026-01-04 | 2025-12-29 | 2026-01-18T00:00:00 | 25 | 5 | false | false | 100.00 | INSUFFICIENT_TRIPS',
    ]);
  });

  const reasons: readonly [string, Partial<GivenLead>, readonly string[]][] = [
    ['nobody known', { person: null, driver: null }, ['1 | false | NO_IDENTITY', '5 | false | NO_IDENTITY']],
    ['no driver', { driver: null }, ['1 | false | NO_DRIVER', '5 | false | NO_DRIVER']],
    ['four trips', { trips: { 0: 4 } }, ['1 | true | OK', '5 | false | INSUFFICIENT_TRIPS']],
    [
      'a driver in quarantine',
      { trips: { 0: 4 }, quarantined: true },
      ['1 | false | DRIVER_QUARANTINED', '5 | false | INSUFFICIENT_TRIPS'],
    ],
  ];
  test.each(reasons)('say why not: with %s', async (_what, more, rows) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', ...more }]);
    const told = await expected('milestone, claim_expected, expected_reason_detail');
    expect(told.slice(0, 2)).toEqual(rows);
  });

  test('count the same trips for two leads of a person whose windows overlap', async () => {
    const trips = { 8: 1 };
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', person: 7, trips },
      { id: 2, date: '2026-01-12', person: 7, event: null },
    ]);
    const rows = await expected('lead_id, milestone, trips_in_window, claim_expected');
    expect(rows.filter((row) => row.endsWith('true'))).toEqual(['1 | 1 | 1 | true', '2 | 1 | 1 | true']);
  });

  test('are worth the standard amount, without a rule, where none is in force', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2025-10-31', trips: { 0: 1 } },
      { id: 2, date: '2025-11-01', trips: { 0: 1 } },
    ]);
    await database.admin.script('update ops.partner_payment_rules set amount = amount + 1');
    const rows = await expected('lead_id, milestone, claim_expected, amount_expected, rule_id is not null');
    expect(rows.filter((row) => / \| 1 \| true/.test(row))).toEqual([
      '1 | 1 | true | 25.00 | false',
      '2 | 1 | true | 26.00 | true',
    ]);
  });

  test('as of a date hold only what had happened by then', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 4: 4 } },
      { id: 2, date: '2026-01-09', trips: { 0: 1 } },
    ]);
    const columns = 'lead_id, milestone, claim_expected';
    expect(await expected(columns, '2026-01-08')).toEqual([
      '1 | 1 | true',
      '1 | 5 | false',
      '1 | 25 | false',
    ]);
    expect(await expected(columns)).toEqual([
      ...['1 | 1 | true', '1 | 5 | true', '1 | 25 | false'],
      ...['2 | 1 | true', '2 | 5 | false', '2 | 25 | false'],
    ]);
  });

  test('do not change with what was paid', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
    const before = await expected('*');
    await database.admin.script(`
      insert into public.module_ct_cabinet_payments (id, date, driver, trip_1, trip_5, driver_id)
      values (1, '2026-01-10', 'x', true, true, 'd1');
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status, paid_at)
      select person_key::uuid, driver_id, lead_source_pk, lead_date_canonico, milestone, amount_expected, 'paid', now()
      from ops.v_cabinet_claims_expected_14d where claim_expected`);
    expect(await expected('*')).toEqual(before);
  });
});
