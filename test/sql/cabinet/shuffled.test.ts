import { beforeAll, describe, expect, test } from 'vitest';
import { loadDataset } from '../../../infra/local/data/load.ts';
import type { PostgresVersion } from '../../../infra/local/postgres/binaries.ts';
import {
  goldenDirectory,
  oldest,
  ownDatabase,
  type TestDatabase,
  testDatabase,
} from '../../support/database.ts';
import { type Contents, makeDataset } from '../../support/dataset.ts';
import { AS_OF as asOf, randomDataset } from '../../support/random-dataset.ts';
import { type Digests, differences, digests } from '../../support/relations.ts';
import { datasetOf, shuffledDataset } from '../../support/shuffled-dataset.ts';
import { runWholeNight } from '../../support/whole-night.ts';
import { ask } from './relation.ts';

const trips = 'public.summary_daily.csv';

/** A whole night over the files, in a database of its own. */
async function nightOver(version: PostgresVersion, contents: Contents): Promise<TestDatabase> {
  const database = await ownDatabase({ version });
  await loadDataset(database.admin, await makeDataset(contents));
  await runWholeNight(database, asOf);
  return database;
}

/** Every relation but the ledger, the ids that people see included: those of claims, links, alerts, achievements. */
const left = (database: TestDatabase) => digests(database, { asOf, acrossDatabases: true });

describe.each(oldest)('the order of rows in the files means nothing, PostgreSQL %i', (version) => {
  const golden = testDatabase({ version, golden: true });
  let inOrder: Digests;
  beforeAll(async () => {
    await runWholeNight(golden, asOf);
    inOrder = await left(golden);
  });

  test.each([1, 2, 3])('to the golden set (order %i)', async (seed) => {
    const files = await datasetOf(goldenDirectory);
    const shuffled = shuffledDataset(files, seed);
    expect(shuffled[trips]).not.toEqual(files[trips]);
    expect(differences(inOrder, await left(await nightOver(version, shuffled)))).toEqual([]);
  });

  test.each([1, 2])('to a population whose days come several times (seed %i)', async (seed) => {
    const contents = randomDataset(seed);
    const database = await nightOver(version, contents);
    const { facts, repeated } = decided(contents);
    expect(repeated).toBeGreaterThan(10);
    expect(
      await ask(
        database.admin,
        `select driver_id, trip_date, trips from canon.driver_day_trips order by driver_id, trip_date`,
      ),
    ).toEqual(facts);
    const shuffled = await nightOver(version, shuffledDataset(contents, seed));
    expect(differences(await left(database), await left(shuffled))).toEqual([]);
  });
});

/** The facts by the rule as people say it: of a driver's day the row that came last, of those the larger count. */
function decided(contents: Contents): { facts: string[]; repeated: number } {
  const rows = contents[trips];
  if (!Array.isArray(rows)) throw new TypeError('a generated data set has rows');
  const best = new Map<string, { at: string; count: number }>();
  let repeated = 0;
  for (const { driver_id: driver = '', date_file: day = '', created_at: at = '', ...row } of rows) {
    const count = row['count_orders_completed'] === '' ? -1 : Number(row['count_orders_completed']);
    const [d = '', m = '', y = ''] = /^\d\d-\d\d-\d{4}$/.test(day) ? day.split('-') : [];
    if (driver === '' || count < 0 || y === '' || day === '31-02-2026') continue;
    const key = `${driver} | ${y}-${m}-${d}`;
    const other = best.get(key);
    if (other !== undefined) repeated += 1;
    // An empty time sorts before every other: what has none came first.
    if (other === undefined || at > other.at || (at === other.at && count > other.count))
      best.set(key, { at, count });
  }
  const facts = [...best].map(([key, { count }]) => `${key} | ${count}`);
  return { facts: facts.sort(), repeated };
}
