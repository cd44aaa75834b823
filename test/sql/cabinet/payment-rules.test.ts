import { beforeEach, describe, expect, test } from 'vitest';
import { givenLeads } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

/** `valid_from valid_to`, with `-` for an open version; then whether it is active. */
type Version = readonly [number, string, string | null, boolean];

describe.each(versions)('the versions of payment rules on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(() => database.admin.script(emptied));

  async function partner(
    versions: readonly Version[],
    more: { window?: number; trips?: number; origin?: string } = {},
  ) {
    const { window = 14, trips = 5, origin = 'cabinet' } = more;
    for (const [id, from, to, active] of versions) {
      await database.admin.sql`
        insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to, is_active)
        values (${id}::integer, ${origin}::ops.rule_origin, ${window}::integer, ${trips}::integer, ${id}::numeric,
                ${from}::date, ${to}::date, ${active}::boolean)`;
    }
  }
  const inForce = () =>
    ask(
      database.admin,
      `select rule_scope, rule_id, in_force::text from ops.v_payment_rules_in_force order by rule_scope, rule_id`,
    );
  /** The rule, or none, under which M5 of a lead of that day is claimed, and its amount. */
  async function claimedUnder(day: string): Promise<string | undefined> {
    const [rule] = await ask(
      database.admin,
      `select rule_id, amount from ops.v_cabinet_claim_rules
       where milestone = 5 and multirange_contains_elem(in_force, '${day}'::date)`,
    );
    return rule;
  }

  test('a closed version keeps its own dates, its successor the later ones', async () => {
    await partner([
      [31, '2025-11-01', '2025-12-31', false],
      [32, '2026-01-01', null, true],
    ]);
    expect(await inForce()).toEqual([
      'partner | 31 | {[2025-11-01,2026-01-01)}',
      'partner | 32 | {[2026-01-01,)}',
    ]);
    expect(
      await Promise.all(['2025-10-31', '2025-11-01', '2025-12-31', '2026-01-01'].map(claimedUnder)),
    ).toEqual([undefined, '31 | 31.00', '31 | 31.00', '32 | 32.00']);
  });

  test('a withdrawn version, inactive and never closed, is never in force', async () => {
    await partner([[31, '2025-11-01', null, false]]);
    expect(await inForce()).toEqual([]);
  });

  test('of overlapping versions the later valid_from decides, and the earlier one around it', async () => {
    await partner([
      [31, '2025-11-01', null, true],
      [32, '2026-01-01', '2026-01-31', false],
    ]);
    expect(await inForce()).toEqual([
      'partner | 31 | {[2025-11-01,2026-01-01),[2026-02-01,)}',
      'partner | 32 | {[2026-01-01,2026-02-01)}',
    ]);
  });

  test('versions of different windows stand side by side, but a milestone is claimed under one', async () => {
    await partner([[31, '2025-11-01', null, true]]);
    await partner([[32, '2025-11-01', null, true]], { window: 30 });
    await partner([[33, '2026-01-01', '2026-01-31', false]], { window: 7 });
    expect(await inForce()).toEqual([
      'partner | 31 | {[2025-11-01,)}',
      'partner | 32 | {[2025-11-01,)}',
      'partner | 33 | {[2026-01-01,2026-02-01)}',
    ]);
    expect(await Promise.all(['2025-12-31', '2026-01-15', '2026-02-01'].map(claimedUnder))).toEqual([
      '32 | 32.00',
      '33 | 33.00',
      '32 | 32.00',
    ]);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-15' }]);
    expect(await ask(database.admin, 'select count(*) from ops.v_cabinet_claims_expected_14d')).toEqual([
      '3',
    ]);
  });

  test('neither scouts’ rules nor other channels’ set a claim’s amount', async () => {
    await partner([[31, '2025-11-01', null, true]], { origin: 'fleet_migration' });
    await database.admin.script(`
      insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from)
      values (31, 'cabinet', 14, 5, 9, '2025-11-01')`);
    expect(await inForce()).toEqual(['partner | 31 | {[2025-11-01,)}', 'scout | 31 | {[2025-11-01,)}']);
    expect(await claimedUnder('2026-01-01')).toBeUndefined();
  });

  test.each([
    'update ops.partner_payment_rules set amount = 99 where id = 31',
    'update ops.partner_payment_rules set valid_to = null where id = 31',
    'delete from ops.partner_payment_rules where id = 31',
  ])('a closed version is history: %s is refused', async (statement) => {
    await partner([[31, '2025-11-01', '2025-12-31', false]]);
    await expect(database.admin.script(statement)).rejects.toThrow(
      'version 31 of ops.partner_payment_rules is closed',
    );
  });

  test('an open version may be closed, and a scout’s version closes for good as well', async () => {
    await partner([[31, '2025-11-01', null, true]]);
    await database.admin.script(`
      update ops.partner_payment_rules set valid_to = '2025-12-31', is_active = false;
      insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to)
      values (7, 'cabinet', 7, 5, 9, '2025-11-01', '2025-11-30')`);
    expect(await inForce()).toHaveLength(2);
    await expect(database.admin.script('delete from ops.scout_payment_rules')).rejects.toThrow('is closed');
  });

  test('a version that claims were generated under keeps its amount and milestone', async () => {
    await partner([[31, '2025-11-01', null, true]]);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
    const claim = (amount: string) => `
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, rule_id)
      select person_key::uuid, driver_id, lead_source_pk, lead_date, milestone_value, ${amount}, rule_id
      from ops.v_cabinet_claims_gap_14d where milestone_value = 5`;
    await expect(database.admin.script(claim('30.00'))).rejects.toThrow('claim_amount_is_the_rules');
    await database.admin.script(claim('expected_amount'));
    await expect(database.admin.script('update ops.partner_payment_rules set amount = 30')).rejects.toThrow(
      'claim_amount_is_the_rules',
    );
  });
});
