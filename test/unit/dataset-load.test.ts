import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { datasetTables } from '../../infra/local/data/format.ts';
import { loadDataset } from '../../infra/local/data/load.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { goldenDirectory, ownDatabase, sqlDirectory, versions } from '../support/database.ts';
import { ana, claim, claims, leads, makeDataset, person, registry, trips } from '../support/dataset.ts';

describe.each(versions)('the golden data set on PostgreSQL %i', (version) => {
  test('is loaded whole, and ids go on after it', async () => {
    const { admin } = await ownDatabase({ version });
    const report = await loadDataset(admin, goldenDirectory);
    for (const { name } of datasetTables) {
      const text = await readFile(join(goldenDirectory, `${name}.csv`), 'utf8');
      expect([name, report.get(name)]).toEqual([name, text.trimEnd().split('\n').length - 1]);
    }
    const [row] = await admin.sql(
      z.strictObject({ empty: z.string(), absent: z.string(), trips: z.string(), next: z.string() }),
    )`
      select (select count(*) from public.module_ct_cabinet_leads where external_id = '') as empty,
             (select count(*) from public.module_ct_cabinet_leads where external_id is null) as absent,
             (select sum(count_orders_completed) from public.summary_daily) as trips,
             (select nextval(pg_get_serial_sequence('canon.identity_links', 'id')) - max(id) from canon.identity_links) as next`;
    expect(row).toEqual(await countedFromTheFiles());
  });
});

/** The same figures, read from the files by other means. */
async function countedFromTheFiles() {
  const ids = (await readFile(join(goldenDirectory, leads), 'utf8'))
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(',')[1]);
  const rows = (await readFile(join(goldenDirectory, trips), 'utf8'))
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(','));
  return {
    empty: String(ids.filter((id) => id === '""').length),
    absent: String(ids.filter((id) => id === '').length),
    trips: String(rows.reduce((sum, fields) => sum + Number(fields[2] ?? 0), 0)),
    next: '1',
  };
}

describe('a database', () => {
  test('takes a data set after it refused one, whatever the order of the columns', async () => {
    const { admin } = await ownDatabase();
    const broken = await makeDataset({ [registry]: [person(ana), person(ana)] });
    await expect(loadDataset(admin, broken)).rejects.toThrow('must be unique');
    const whole = await makeDataset({
      [registry]: [person(ana)],
      [trips]:
        'created_at,count_orders_completed,driver_id,sum_work_time_seconds,date_file\n2026-01-05 10:00:00,3,"d, \\1",,05-01-2026\n',
      [claims]: [claim({ reason: '"said ""no"""' })],
    });
    const report = await loadDataset(admin, whole);
    expect([report.get('public.summary_daily'), report.get('canon.claims_yango_cabinet_14d')]).toEqual([
      1, 1,
    ]);
    const rows = await admin.sql(
      z.strictObject({ driver_id: z.string(), date_file: z.string(), trips: z.int(), reason: z.string() }),
    )`
      select driver_id, date_file, count_orders_completed as trips, (select reason from canon.claims_yango_cabinet_14d)
      from public.summary_daily`;
    expect(rows).toEqual([{ driver_id: 'd, \\1', date_file: '05-01-2026', trips: 3, reason: 'said "no"' }]);
  });

  test('that holds rows takes no data set', async () => {
    const { admin } = await ownDatabase();
    await admin.script("insert into public.drivers (driver_id) values ('d')");
    await expect(loadDataset(admin, await makeDataset())).rejects.toThrow(
      'the table public.drivers already holds rows: a data set is loaded into a new database only',
    );
  });

  test('that Cuadre did not make takes none, empty as it is', async () => {
    const { admin, name } = await ownDatabase();
    await admin.script(`comment on database ${name} is null`);
    await expect(loadDataset(admin, await makeDataset())).rejects.toThrow(
      `the database ${name} was not made by Cuadre for local data, so no data set is loaded into it`,
    );
  });

  test('that was never migrated takes none', async () => {
    const { admin } = await ownDatabase({ empty: true });
    await createUpstream(admin, sqlDirectory);
    await expect(loadDataset(admin, await makeDataset())).rejects.toThrow(
      'the database has no canon.identity_registry(person_key,',
    );
  });
});
