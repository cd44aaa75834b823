import { beforeEach, describe, expect, test } from 'vitest';
import {
  type GivenLead,
  givenLeads,
  givenLink,
  givenPerson,
  givenRules,
  personKey,
} from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { emptiedCollections } from './collections-given.ts';
import { ask } from './relation.ts';

describe.each(versions)('limbo on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptiedCollections);
    await givenRules(database.admin);
  });
  const limbo = (columns: string, asOf?: string) =>
    ask(database.admin, `select ${columns} from ops.v_cabinet_leads_limbo order by lead_id`, asOf);
  const monday: GivenLead = { id: 1, date: '2026-01-05' };

  test('has its twenty columns in their order, and the generated claims after them', async () => {
    const columns = await ask(
      database.admin,
      `select attname from pg_attribute where attrelid = 'ops.v_cabinet_leads_limbo'::regclass and attnum > 0 order by attnum`,
    );
    expect(columns).toEqual(
      `lead_id lead_source_pk lead_date week_start park_phone asset_plate_number lead_name person_key driver_id trips_14d
       window_end_14d reached_m1_14d reached_m5_14d reached_m25_14d expected_amount_14d has_claim_m1 has_claim_m5 has_claim_m25
       limbo_stage limbo_reason_detail has_generated_claim_m1 has_generated_claim_m5 has_generated_claim_m25`.split(
        /\s+/,
      ),
    );
  });

  test('each stage is the first thing missing, and its detail says what and of whom', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', person: null, driver: null, event: null },
      { id: 2, date: '2026-01-05', driver: null },
      { id: 3, date: '2026-01-05' },
      { id: 4, date: '2026-01-05', trips: { 0: 5 }, event: null },
      { id: 5, date: '2026-01-05', trips: { 0: 5 } },
      { id: 6, date: '2026-01-05', trips: { 0: 2 }, quarantined: true },
    ]);
    expect(await limbo('lead_id, limbo_stage, limbo_reason_detail')).toEqual([
      '1 | NO_IDENTITY | FALTA: vínculo de identidad. Acción: ejecutar cabinet.leads-reconcile para source_pk=1 (module_ct_cabinet_leads) y revisar teléfono, licencia y placa en los datos de origen.',
      `2 | NO_DRIVER | FALTA: driver_id. Acción: revisar los vínculos de person_key=${personKey(2)} con la tabla drivers; puede necesitar un vínculo manual.`,
      '3 | NO_TRIPS_14D | FALTA: viajes en la ventana. Acción: revisar summary_daily de driver_id=d3 en [2026-01-05, 2026-01-19); puede ser normal.',
      '4 | TRIPS_NO_CLAIM | FALTA: reclamo M1 con 5 viajes. Acción: revisar el lead_event de source_pk=4 y ejecutar cabinet.claims-reconcile.',
      '5 | OK | COMPLETO: identidad, conductor, viajes y reclamos.',
      '6 | TRIPS_NO_CLAIM | FALTA: reclamo M1 con 2 viajes: el conductor d6 está en cuarentena y no se le calcula pago. Acción: resolver la cuarentena.',
    ]);
  });

  test.each([
    [0, '0.00', 'NO_TRIPS_14D'],
    [1, '25.00', 'OK'],
    [4, '25.00', 'OK'],
    [5, '60.00', 'OK'],
    [24, '60.00', 'OK'],
    [25, '160.00', 'OK'],
  ])('%i trips are worth %s', async (trips, amount, stage) => {
    await givenLeads(database.admin, [{ ...monday, trips: { 3: trips } }]);
    expect(await limbo('trips_14d, expected_amount_14d, limbo_stage')).toEqual([
      `${trips} | ${amount} | ${stage}`,
    ]);
  });

  test('a trip counts from the lead date to day 13', async () => {
    await givenLeads(database.admin, [
      { ...monday, date: '2026-01-05 23:59', trips: { [-1]: 10, 0: 1, 13: 2, 14: 20 } },
    ]);
    expect(await limbo('trips_14d, window_end_14d')).toEqual(['3 | 2026-01-19T00:00:00']);
  });

  test('a Sunday belongs to the Monday before it, across the year too', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-11' },
      { id: 2, date: '2025-12-29' },
      { id: 3, date: '2026-01-01' },
    ]);
    expect(await limbo('week_start')).toEqual(['2026-01-05', '2025-12-29', '2025-12-29']);
  });

  test('the driver is the one linked last, and of one moment the smallest; the trips are its own', async () => {
    await givenLeads(database.admin, [{ ...monday, driver: null }]);
    await givenLink(database.admin, 1, 'drivers', 'a-old', '2026-01-01T00:00:00Z');
    await givenLink(database.admin, 1, 'drivers', 'c-new', '2026-01-02T00:00:00Z');
    await givenLink(database.admin, 1, 'drivers', 'b-new', '2026-01-02T00:00:00Z');
    await database.admin.script(`insert into canon.driver_day_trips (driver_id, trip_date, trips)
      values ('a-old', '2026-01-06', 9), ('b-new', '2026-01-06', 2), ('c-new', '2026-01-06', 4)`);
    expect(await limbo('driver_id, trips_14d')).toEqual(['b-new | 2']);
  });

  test('a claim derived for another day zero of the driver covers; a generated one of another day does not show', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-01', person: 7, trips: { 5: 1 } },
      { id: 2, date: '2026-01-05', person: 7, event: null },
    ]);
    await database.admin.sql`
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status)
      values (${personKey(7)}::uuid, 'd7', '1', '2026-01-01', 1, 25, 'rejected')`;
    expect(await limbo('limbo_stage, has_claim_m1, has_generated_claim_m1')).toEqual([
      'OK | true | true',
      'OK | true | false',
    ]);
  });

  test('M1 has its claim but M5 has none: the first one missing is named', async () => {
    await givenLeads(database.admin, [{ ...monday, trips: { 0: 1, 1: 4 } }]);
    await database.admin.script(`delete from ops.partner_payment_rules where milestone_trips = 5`);
    expect(await limbo('limbo_stage, has_claim_m1, has_claim_m5, limbo_reason_detail')).toEqual([
      'TRIPS_NO_CLAIM | true | false | FALTA: reclamo M5 con 5 viajes. Acción: revisar el lead_event de source_pk=1 y ejecutar cabinet.claims-reconcile.',
    ]);
  });

  test('a price that changes leaves older leads at what they were worth', async () => {
    await database.admin.script(`
      update ops.partner_payment_rules set valid_to = '2026-01-09', is_active = false where milestone_trips = 1;
      insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
      values ('cabinet', 14, 1, 30.00, '2026-01-10')`);
    await givenLeads(database.admin, [
      { ...monday, trips: { 0: 1 } },
      { id: 2, date: '2026-01-10', trips: { 0: 1 } },
      { id: 3, date: '2025-10-01', trips: { 0: 1 } },
    ]);
    expect(await limbo('expected_amount_14d')).toEqual(['25.00', '30.00', '25.00']);
  });

  test('as of a day neither later leads nor later trips are there', async () => {
    await givenLeads(database.admin, [
      { ...monday, trips: { 0: 1, 5: 4 } },
      { id: 2, date: '2026-01-09' },
    ]);
    expect(await limbo('lead_id, trips_14d', '2026-01-08')).toEqual(['1 | 1']);
  });

  test('names are put together as they came, NULL as nothing', async () => {
    await givenLeads(database.admin, [monday, { id: 2, date: '2026-01-05' }]);
    await givenPerson(database.admin, 1);
    await database.admin.script(
      `update public.module_ct_cabinet_leads set first_name = 'Ana', last_name = 'Ñato' where id = 1`,
    );
    expect(
      await ask(
        database.admin,
        `select '[' || lead_name || ']' from ops.v_cabinet_leads_limbo order by lead_id`,
      ),
    ).toEqual(['[Ana  Ñato]', '[  ]']);
  });
});
