import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { newest, ownDatabase, type TestDatabase, testDatabase } from '../../support/database.ts';
import { allRelations, differences, digests, ledger } from '../../support/relations.ts';
import { runWholeNight } from '../../support/whole-night.ts';
import { ask } from './relation.ts';

const asOf = '2026-01-13';
/** From this lead date on the new versions count. */
const FROM = '2025-12-26';

/** The versions in force are closed on the day before, and their successors begin, as a price list is changed. */
const change = (successors: string) => `
  update ops.partner_payment_rules set valid_to = date '${FROM}' - 1, is_active = false where valid_to is null;
  insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
  select 'cabinet', window_days, trips, amount, '${FROM}' from (values ${successors}) s (window_days, trips, amount)`;

const prices = change('(14, 1, 30.00), (14, 5, 45.00), (14, 25, 150.00)');
/** M5 in a week instead of two; 30 trips instead of 25, which is no milestone of the programme. */
const terms = change('(14, 1, 25.00), (7, 5, 35.00), (14, 30, 100.00)');

/** The backlog too, so that leads of every age have claims. */
const night = (database: TestDatabase) =>
  runWholeNight(database, asOf, { input: { 'cabinet.claims-reconcile': { daysBack: 'all' } } });

/** By what a row of a relation says of which day its lead is. A relation of leads that is not here fails the test below. */
const dayColumns = ['lead_date', 'lead_date_canonico'];

async function relationsOfLeads(database: TestDatabase): Promise<Map<string, string>> {
  const columns = await database.admin.sql(z.strictObject({ relation: z.string(), column: z.string() }))`
    select attrelid::regclass::text as relation, attname::text as column from pg_attribute
    where attname = any (${dayColumns}::text[]) and not attisdropped and attrelid::regclass::text ~ '^(canon|ops|observational)\\.'`;
  const known = new Set((await allRelations(database)).map(({ name }) => name));
  return new Map(
    columns
      .filter(({ relation }) => known.has(relation) && ledger[relation] === undefined)
      .map(({ relation, column }) => [relation, column]),
  );
}

/**
 * What older leads look like everywhere, but for a version's last day, which its closing changes, and the numbers that
 * claims and achievements get as they arrive: between two databases, others arrive before them.
 */
async function olderLeads(database: TestDatabase, acrossDatabases = false) {
  const columns = await relationsOfLeads(database);
  return digests(database, {
    asOf,
    acrossDatabases,
    relations: [...columns.keys()],
    where: (relation) => `r.${columns.get(relation)} < '${FROM}'`,
    without: [
      'rule_valid_to',
      'rule_valid_to_today',
      ...(acrossDatabases ? ['claim_id', 'achievement_id'] : []),
    ],
  });
}

describe.each(newest)('a change of the price list, PostgreSQL %i', (version) => {
  describe.each([
    {
      what: 'prices',
      script: prices,
      younger: ['1 | 30.00 | 14', '5 | 45.00 | 14', '25 | 150.00 | 14'],
      claimed: ['1 | 30.00', '5 | 45.00'],
    },
    {
      what: 'windows and trips',
      script: terms,
      // Nobody pays 25 trips any more: such a claim is expected at the standard amount, and under no rule it is vetoed.
      younger: ['1 | 25.00 | 14', '5 | 35.00 | 7', '25 | 100.00 | -'],
      claimed: ['1 | 25.00', '5 | 35.00'],
    },
  ])('of $what', ({ script, younger, claimed }) => {
    const untouched = testDatabase({ version, golden: true });
    const changedBefore = testDatabase({ version, golden: true });
    beforeAll(async () => {
      await night(untouched);
      await changedBefore.admin.script(script);
      await night(changedBefore);
    });

    test('before a night leaves older leads as they would have been', async () => {
      const before = await olderLeads(untouched, true);
      expect(differences(before, await olderLeads(changedBefore, true))).toEqual([]);
      expect([...before.keys()]).toEqual(
        expect.arrayContaining([
          'canon.milestone_achievements',
          'canon.claims_yango_cabinet_14d',
          'ops.v_cabinet_leads_limbo',
          'ops.v_cabinet_lead_stages',
          'ops.v_cabinet_claims_expected_14d',
          'ops.v_cabinet_financial_14d',
          'ops.v_claims_payment_status_cabinet',
          'ops.v_payment_calculation',
        ]),
      );
      // No gap is left: the backlog was taken too.
      const empty = [...before].filter(([, rows]) => rows.startsWith('0 ')).map(([relation]) => relation);
      expect(empty).toEqual(['ops.v_cabinet_claims_gap_14d']);
    });

    test('counts for the leads of its first day and of those after it', async () => {
      const terms = (leads: string) =>
        ask(
          changedBefore.admin,
          `select distinct milestone, amount_expected, rule_window_days from ops.v_cabinet_lead_milestones where lead_date ${leads} order by 1`,
          asOf,
        );
      expect(await terms(`>= '${FROM}'`)).toEqual(younger);
      expect(
        await terms(
          `= (select min(lead_created_at::date) from public.module_ct_cabinet_leads where lead_created_at >= '${FROM}')`,
        ),
      ).toEqual(younger);
      expect(await terms(`< '${FROM}'`)).toEqual(['1 | 25.00 | 14', '5 | 35.00 | 14', '25 | 100.00 | 14']);
      expect(
        await ask(
          changedBefore.admin,
          `select distinct milestone, amount_expected from canon.claims_yango_cabinet_14d
           where rule_id is not null and lead_date >= '${FROM}' order by 1`,
        ),
      ).toEqual(claimed);
    });

    test('after a night leaves older leads as they were, also after another night', async () => {
      const before = await olderLeads(untouched);
      await untouched.admin.script(script);
      expect(differences(before, await olderLeads(untouched))).toEqual([]);
      await night(untouched);
      expect(differences(before, await olderLeads(untouched))).toEqual([]);
    });
  });

  test('a closed version refuses every change, and being taken away', async () => {
    const database = await ownDatabase({ version, golden: true });
    await database.admin.script(prices);
    const closed = 'ops.partner_payment_rules where valid_to is not null';
    const before = await ask(database.admin, `select * from ${closed} order by id`);
    expect(before).toHaveLength(3);
    for (const set of [
      'amount = amount + 1',
      'window_days = 30',
      'milestone_trips = 2',
      'valid_from = valid_from - 1',
      'valid_to = null, is_active = true',
      'valid_to = valid_to + 30',
      "notes = 'corrected'",
    ]) {
      await expect(
        database.admin.script(`update ${closed.replace(' where', ` set ${set} where`)}`),
      ).rejects.toThrow(/is closed: add a version/);
    }
    await expect(database.admin.script(`delete from ${closed}`)).rejects.toThrow(/is closed: add a version/);
    expect(await ask(database.admin, `select * from ${closed} order by id`)).toEqual(before);
  });
});
