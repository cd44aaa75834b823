import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { loadDataset } from '../../../infra/local/data/load.ts';
import { oldest, ownDatabase, type TestDatabase, testDatabase } from '../../support/database.ts';
import { makeDataset } from '../../support/dataset.ts';
import { givenDrivers } from '../../support/identity.ts';
import { AS_OF as asOf, randomDataset } from '../../support/random-dataset.ts';
import { allRelations, differences, digests, ledger } from '../../support/relations.ts';
import { runWholeNight } from '../../support/whole-night.ts';

const ledgerOf = (database: TestDatabase) => digests(database, { asOf, relations: Object.keys(ledger) });

async function matchedBy(night: ReturnType<typeof runWholeNight>): Promise<number> {
  const report = (await night).get('cabinet.leads-reconcile')?.report;
  return z.looseObject({ matched: z.int() }).parse(report).matched;
}

/** Over every relation that the catalog has, but for the ledger; so it holds of one added tomorrow as well. */
describe.each(oldest)('the daily pipeline on unchanged data, PostgreSQL %i', (version) => {
  describe('of the golden set', () => {
    const database = testDatabase({ version, golden: true });

    test('a dry night changes nothing but the ledger', async () => {
      const before = await digests(database, { asOf });
      await runWholeNight(database, asOf, { dryRun: true });
      expect(differences(before, await digests(database, { asOf }))).toEqual([]);
    });

    test('a second night changes nothing but the ledger, and every relation that is called so', async () => {
      await runWholeNight(database, asOf);
      const [before, ledgerBefore] = [await digests(database, { asOf }), await ledgerOf(database)];
      await runWholeNight(database, asOf);
      expect(differences(before, await digests(database, { asOf }))).toEqual([]);
      const added = differences(ledgerBefore, await ledgerOf(database)).map((line) => line.split(':')[0]);
      expect(added.toSorted()).toEqual(Object.keys(ledger).toSorted());
    });

    test('looks at every table, view and materialized view of ours', async () => {
      const all = (await allRelations(database)).map(({ name }) => name);
      expect(all).toEqual(expect.arrayContaining(Object.keys(ledger)));
      expect((await digests(database, { asOf })).size).toBe(all.length - Object.keys(ledger).length);
    });
  });

  test.each([1, 2])('of whatever population (seed %i): neither does it there', async (seed) => {
    const database = await ownDatabase({ version });
    await loadDataset(database.admin, await makeDataset(randomDataset(seed)));
    await runWholeNight(database, asOf);
    const before = await digests(database, { asOf });
    await runWholeNight(database, asOf);
    expect(differences(before, await digests(database, { asOf }))).toEqual([]);
  });

  test('what a night finds out is known to it: a plate finds the person whom a phone gave the driver', async () => {
    const database = await ownDatabase({ version });
    await givenDrivers(database.admin, [
      { id: 'd1', name: 'Ana Cruz', phone: '987654321', plate: 'ABC-123', hired: '2020-01-01' },
    ]);
    await database.admin.script(`
      insert into public.module_ct_cabinet_leads (id, lead_created_at, first_name, last_name, park_phone, asset_plate_number) values
        (1, '2026-01-05 10:00', 'Ana', 'Cruz', '987654321', null), (2, '2026-01-06 10:00', 'Ana', 'Cruz', null, 'ABC-123')`);
    expect(await matchedBy(runWholeNight(database, asOf))).toBe(2);
    const before = await digests(database, { asOf });
    expect(await matchedBy(runWholeNight(database, asOf))).toBe(0);
    expect(differences(before, await digests(database, { asOf }))).toEqual([]);
  });
});
