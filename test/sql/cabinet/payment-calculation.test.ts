import { beforeEach, describe, expect, test } from 'vitest';
import { type GivenLead, givenLeads, givenLink, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('payment calculation on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
  });

  /** trips -> amount, 7 days, with ids that partner rules have as well. */
  const scoutRules = (rules: Readonly<Record<number, string>>) =>
    database.admin.script(
      Object.entries(rules)
        .map(
          ([trips, amount]) => `
            insert into ops.scout_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
            values ('cabinet', 7, ${trips}, ${amount}, '2025-11-03');`,
        )
        .join(''),
    );
  const calculated = (columns: string, asOf?: string) =>
    ask(
      database.admin,
      `select ${columns} from ops.v_payment_calculation order by person_key, origin_tag, rule_scope, milestone_trips, window_days`,
      asOf,
    );

  test('compares one running count with each rule: seven rules, nine trips, and nobody is lifted to 25', async () => {
    await scoutRules({ 1: '20.00', 5: '25.00', 10: '40.00', 25: '55.00' });
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1, 1: 1, 2: 4, 3: 3 } }]);
    expect(
      await calculated(
        'rule_scope, milestone_trips, milestone_achieved, achieved_date, achieved_trips_in_window, is_payable, payable_date, payment_scheme, amount',
      ),
    ).toEqual([
      'partner | 1 | true | 2026-01-05 | 1 | true | 2026-01-19 | yango_14d_1trips | 25.00',
      'partner | 5 | true | 2026-01-07 | 6 | true | 2026-01-21 | yango_14d_5trips | 35.00',
      'partner | 25 | false | - | 0 | false | - | yango_14d_25trips | 100.00',
      'scout | 1 | true | 2026-01-05 | 1 | true | 2026-01-12 | cabinet_7d_1trips | 20.00',
      'scout | 5 | true | 2026-01-07 | 6 | true | 2026-01-14 | cabinet_7d_5trips | 25.00',
      'scout | 10 | false | - | 0 | false | - | cabinet_7d_10trips | 40.00',
      'scout | 25 | false | - | 0 | false | - | cabinet_7d_25trips | 55.00',
    ]);
  });

  test('keeps a partner’s and a scout’s rule of the same id apart', async () => {
    await database.admin.script(`
      delete from ops.partner_payment_rules;
      insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from)
      values (3, 'cabinet', 14, 25, 100, '2025-11-01');
      insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from)
      values (3, 'cabinet', 7, 1, 20, '2025-11-01')`);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
    expect(await calculated('rule_scope, rule_id, milestone_trips, milestone_achieved')).toEqual([
      'partner | 3 | 25 | false',
      'scout | 3 | 1 | true',
    ]);
  });

  test.each<[string, Readonly<Record<number, number>>, string]>([
    ['the last day of the window', { 13: 5 }, '1 | 2026-01-18 | 5'],
    ['the day after the window', { 14: 5 }, '1 | - | 0'],
    ['the day before it', { [-1]: 5 }, '1 | - | 0'],
    ['days without trips, skipped', { 0: 0, 3: 2, 4: 0 }, '1 | 2026-01-08 | 2'],
  ])('of trips on %s', async (_when, trips, row) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips }]);
    const [first] = await calculated('milestone_trips, achieved_date, achieved_trips_in_window');
    expect(first).toBe(row);
  });

  test('each rule has its own window', async () => {
    await scoutRules({ 5: '25.00' });
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 6: 4, 7: 1 } }]);
    const rows = await calculated('rule_scope, milestone_trips, achieved_date');
    expect(rows.filter((row) => row.includes('| 5 |'))).toEqual([
      'partner | 5 | 2026-01-12',
      'scout | 5 | -',
    ]);
  });

  const absent: readonly [string, Partial<GivenLead>][] = [
    ['without an event', { event: null }],
    ['whose event has no person', { event: { person: null } }],
    ['without a driver', { driver: null }],
    ['with a driver in quarantine', { quarantined: true }],
    ['of a channel without rules', { event: { origin: 'fleet_migration' } }],
    ['before the first rule', { date: '2025-10-31' }],
  ];
  test.each(absent)('leaves out a person %s', async (_what, more) => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 }, ...more }]);
    expect(await calculated('milestone_trips')).toEqual([]);
  });

  test('begins on the person’s first event in the channel, also when it is a scout’s', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { [-3]: 1, 0: 1 } }]);
    await database.admin.script(`
      insert into observational.lead_events (source_table, source_pk, event_date, person_key)
      select 'module_ct_scouting_daily', 's1', '2026-01-02', person_key from observational.lead_events`);
    const [first] = await calculated('lead_date, milestone_trips, achieved_date');
    expect(first).toBe('2026-01-02 | 1 | 2026-01-02');
  });

  test('tells channels apart, by the event’s own word, its table, or the ledger', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
    await database.admin.script(`
      insert into ops.scout_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
      values ('fleet_migration', 30, 1, 50.00, '2025-11-01'), ('fleet_migration', 7, 1, 10.00, '2025-11-01');
      insert into observational.lead_events (source_table, source_pk, event_date, person_key, scout_id, created_at)
      select 'module_ct_migrations', 'm1', date '2026-01-03', person_key, 11, timestamp '2026-01-03' from observational.lead_events
      union all select 'module_ct_migrations', 'm2', '2026-01-04', person_key, 12, '2026-01-03' from observational.lead_events
      union all select 'module_ct_migrations', 'm3', '2026-01-04', person_key, 13, '2026-01-04' from observational.lead_events
      union all select 'hearsay', 'h1', '2026-01-01', person_key, 14, '2026-01-04' from observational.lead_events`);
    expect(
      await calculated(
        'origin_tag, lead_date, scout_id, rule_scope, milestone_trips, payment_scheme, payable_date',
      ),
    ).toEqual([
      'cabinet | 2026-01-05 | - | partner | 1 | yango_14d_1trips | 2026-01-19',
      'cabinet | 2026-01-05 | - | partner | 5 | yango_14d_5trips | -',
      'cabinet | 2026-01-05 | - | partner | 25 | yango_14d_25trips | -',
      'fleet_migration | 2026-01-03 | 13 | scout | 1 | fleet_migration_7d_1trips | 2026-02-04',
      'fleet_migration | 2026-01-03 | 13 | scout | 1 | migration_30d_1trips | 2026-02-04',
    ]);
    await database.admin.script(`
      insert into observational.lead_ledger (person_key, attributed_source)
      select distinct person_key, 'cabinet' from observational.lead_events`);
    const [first] = await calculated('origin_tag, lead_date');
    expect(first).toBe('cabinet | 2026-01-01');
  });

  test('follows the driver that everybody else resolves to', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', driver: 'older', trips: { 0: 9 } }]);
    await givenLink(database.admin, 1, 'drivers', 'newer', '2026-01-02T00:00:00Z');
    await database.admin.script(`insert into canon.driver_day_trips values ('newer', '2026-01-06', 1)`);
    const [first] = await calculated('driver_id, milestone_trips, achieved_date');
    expect(first).toBe('newer | 1 | 2026-01-06');
  });

  test('a new price leaves older persons at the version of their day', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2025-12-31', trips: { 0: 1 } },
      { id: 2, date: '2026-01-01', trips: { 0: 1 } },
    ]);
    await database.admin.script(`
      update ops.partner_payment_rules set valid_to = '2025-12-31', is_active = false where milestone_trips = 1;
      insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
      values ('cabinet', 14, 1, 30.00, '2026-01-01');
      update ops.partner_payment_rules set is_active = false where milestone_trips = 25`);
    const columns = 'lead_date, milestone_trips, amount, rule_valid_from, rule_valid_to, milestone_achieved';
    expect(await calculated(columns)).toEqual([
      '2025-12-31 | 1 | 25.00 | 2025-11-01 | 2025-12-31 | true',
      '2025-12-31 | 5 | 35.00 | 2025-11-01 | - | false',
      '2026-01-01 | 1 | 30.00 | 2026-01-01 | - | true',
      '2026-01-01 | 5 | 35.00 | 2025-11-01 | - | false',
    ]);
  });

  test('as of a date knows neither later events nor later trips', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 4: 4 } },
      { id: 2, date: '2026-01-09', trips: { 0: 1 } },
    ]);
    const columns = 'lead_date, milestone_trips, achieved_date';
    expect(await calculated(columns, '2026-01-08')).toEqual([
      '2026-01-05 | 1 | 2026-01-05',
      '2026-01-05 | 5 | -',
      '2026-01-05 | 25 | -',
    ]);
    expect(await calculated(columns)).toHaveLength(6);
  });
});
