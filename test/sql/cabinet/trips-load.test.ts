import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';

/** driver, date_file, count, created_at */
type Row = readonly [string | null, string | null, number | null, string | null];

const JANUARY = '2026-01-13 01:00:00';

describe.each(versions)('loading trips on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  beforeEach(() =>
    database.admin.script(
      'set session_replication_role = replica; truncate public.summary_daily, canon.driver_day_trips, canon.trip_rejects, ops.decisions cascade; reset session_replication_role',
    ),
  );

  async function upstreamSends(rows: readonly Row[]): Promise<void> {
    for (const [driver, date, count, createdAt] of rows) {
      await database.admin.sql`
        insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
        values (${driver}, ${date}, ${count}::integer, 60, ${createdAt}::timestamp)`;
    }
  }
  const load = (request: object = {}) => runJob(database, tripsLoad, { asOf: '2026-01-13', ...request });

  async function facts(): Promise<string[]> {
    const rows = await database.admin.sql(z.strictObject({ fact: z.string() }))`
      select concat_ws(' ', driver_id, trip_date, trips) as fact from canon.driver_day_trips order by 1`;
    return rows.map(({ fact }) => fact);
  }
  async function rejects(): Promise<string[]> {
    const rows = await database.admin.sql(z.strictObject({ reject: z.string() }))`
      select concat_ws(' ', reason, count_orders_completed, ordinal) as reject from canon.trip_rejects order by 1`;
    return rows.map(({ reject }) => reject);
  }

  test.each<[string, Row, string]>([
    ['no date', ['d', null, 1, JANUARY], 'NULL_DATE'],
    ['an empty date', ['d', '', 1, JANUARY], 'BAD_SHAPE'],
    ['a date the other way round', ['d', '2026-01-05', 1, JANUARY], 'BAD_SHAPE'],
    ['a blank before the date', ['d', ' 05-01-2026', 1, JANUARY], 'BAD_SHAPE'],
    ['a line end after the date', ['d', '05-01-2026\n', 1, JANUARY], 'BAD_SHAPE'],
    ['digits of another script', ['d', '٠٥-٠١-٢٠٢٦', 1, JANUARY], 'BAD_SHAPE'],
    ['31 February', ['d', '31-02-2026', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['29 February of a common year', ['d', '29-02-2026', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['29 February 1900', ['d', '29-02-1900', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['month 13', ['d', '01-13-2026', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['day 0', ['d', '00-01-2026', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['year 0', ['d', '01-01-0000', 1, JANUARY], 'IMPOSSIBLE_DATE'],
    ['no driver', [null, '05-01-2026', 1, JANUARY], 'NULL_DRIVER'],
    ['an empty driver', ['', '05-01-2026', 1, JANUARY], 'NULL_DRIVER'],
    ['no count', ['d', '05-01-2026', null, JANUARY], 'NEGATIVE_OR_NULL_COUNT'],
    ['a negative count', ['d', '05-01-2026', -1, JANUARY], 'NEGATIVE_OR_NULL_COUNT'],
    ['everything wrong: the date comes first', [null, null, null, null], 'NULL_DATE'],
  ])('rejects a row with %s, and says so once', async (_what, row, reason) => {
    await upstreamSends([row]);
    const ran = await load();
    expect(ran).toMatchObject({ status: 'succeeded', findings: 1, report: { rejects_new: { [reason]: 1 } } });
    expect(ran.decisions.map(({ decision, reason: why }) => [decision, why])).toEqual([['REJECTED', reason]]);
    expect(await load()).toMatchObject({ findings: 0, report: { rejects_new: {} }, decisions: [] });
    expect(await rejects()).toHaveLength(1);
    expect(await facts()).toEqual([]);
  });

  test('accepts 29 February of a leap year, and a day without trips', async () => {
    await upstreamSends([
      ['d', '29-02-2024', 3, JANUARY],
      ['d', '01-03-2024', 0, JANUARY],
    ]);
    await load();
    expect(await facts()).toEqual(['d 2024-02-29 3', 'd 2024-03-01 0']);
  });

  test('of several rows of a driver and day takes the latest, then the larger; the others are replaced, not errors', async () => {
    await upstreamSends([
      ['d', '05-01-2026', 9, '2026-01-12 01:00:00'],
      ['d', '05-01-2026', 2, JANUARY],
      ['d', '05-01-2026', 3, JANUARY],
    ]);
    const ran = await load();
    expect(await facts()).toEqual(['d 2026-01-05 3']);
    expect(ran).toMatchObject({ findings: 0, report: { rejects_new: { DUPLICATE_DRIVER_DAY: 2 } } });
  });

  test('counts equal rows one by one, each once', async () => {
    await upstreamSends([
      ['d', '05-01-2026', 2, JANUARY],
      ['d', '05-01-2026', 2, JANUARY],
      ['d', '05-01-2026', 2, JANUARY],
    ]);
    await load();
    await load();
    expect(await facts()).toEqual(['d 2026-01-05 2']);
    expect(await rejects()).toEqual(['DUPLICATE_DRIVER_DAY 2 1', 'DUPLICATE_DRIVER_DAY 2 2']);
  });

  test('a rejected row never replaces a good one', async () => {
    await upstreamSends([
      ['d', '05-01-2026', 4, '2026-01-12 01:00:00'],
      ['d', '05-01-2026', -1, JANUARY],
    ]);
    await load();
    expect(await facts()).toEqual(['d 2026-01-05 4']);
  });

  test('a correction that arrives later replaces the fact, also when the day is long past', async () => {
    await upstreamSends([
      ['d', '05-11-2025', 4, '2025-11-06 01:00:00'],
      ['e', '12-01-2026', 1, JANUARY],
    ]);
    await load();
    await upstreamSends([['d', '05-11-2025', 6, '2026-01-13 02:00:00']]);
    const ran = await load();
    expect(ran.report).toMatchObject({
      facts_updated: 1,
      facts_inserted: 0,
      rejects_new: { DUPLICATE_DRIVER_DAY: 1 },
    });
    expect(await facts()).toEqual(['d 2025-11-05 6', 'e 2026-01-12 1']);
    expect(await load()).toMatchObject({ report: { facts_updated: 0, rejects_new: {} } });
  });

  test('reads again only what is newer than the last load less the overlap, and rows without a time', async () => {
    await upstreamSends([
      ['old', '05-11-2025', 4, '2025-11-06 01:00:00'],
      ['d', '12-01-2026', 1, JANUARY],
    ]);
    await load();
    await upstreamSends([
      ['late', '10-01-2026', 1, '2026-01-11 01:00:00'],
      ['timeless', '10-01-2026', 1, null],
    ]);
    const ran = await load({ overlapDays: 3 });
    expect(ran.report).toMatchObject({ since: '2026-01-10 01:00:00', source_rows: 3, facts_inserted: 2 });
    expect(await facts()).toEqual([
      'd 2026-01-12 1',
      'late 2026-01-10 1',
      'old 2025-11-05 4',
      'timeless 2026-01-10 1',
    ]);
  });

  test('a row that leaves the source within the overlap takes its fact along, and the one it had replaced comes back', async () => {
    await upstreamSends([
      ['d', '12-01-2026', 5, JANUARY],
      ['d', '12-01-2026', 3, '2026-01-12 23:00:00'],
      ['e', '12-01-2026', 1, JANUARY],
    ]);
    await load();
    await database.admin.script(`delete from public.summary_daily where count_orders_completed in (5, 1)`);
    const ran = await load();
    expect(ran.report).toMatchObject({ facts_updated: 1, facts_removed: 1, rejects_removed: 1 });
    expect(await facts()).toEqual(['d 2026-01-12 3']);
    expect(await rejects()).toEqual([]);
  });

  test('an old reject of a day that is touched again stays one reject, and is told once', async () => {
    await upstreamSends([
      ['d', '05-11-2025', -1, '2025-11-06 01:00:00'],
      ['d', '05-11-2025', 4, '2025-11-06 02:00:00'],
      ['e', '12-01-2026', 1, JANUARY],
    ]);
    await load();
    await upstreamSends([['d', '05-11-2025', 6, JANUARY]]);
    expect((await load()).report).toMatchObject({
      facts_updated: 1,
      rejects_new: { DUPLICATE_DRIVER_DAY: 1 },
    });
    expect(await load()).toMatchObject({
      findings: 0,
      decisions: [],
      report: { rejects_new: {}, rejects_removed: 0 },
    });
    expect(await rejects()).toEqual(['DUPLICATE_DRIVER_DAY 4 1', 'NEGATIVE_OR_NULL_COUNT -1 1']);
  });

  test('dry: tells the same and changes nothing', async () => {
    await upstreamSends([
      ['d', '05-01-2026', 4, JANUARY],
      ['d', '31-02-2026', 4, JANUARY],
    ]);
    const dry = await load({ dryRun: true });
    expect([await facts(), await rejects()]).toEqual([[], []]);
    expect(dry.decisions).toMatchObject([{ decision: 'WOULD_REJECT', reason: 'IMPOSSIBLE_DATE' }]);
    const real = await load();
    expect(real.report).toEqual(dry.report);
  });

  test('does not depend on the order of the rows', async () => {
    const rows: Row[] = [
      ['d', '05-01-2026', 2, JANUARY],
      ['d', '05-01-2026', 3, JANUARY],
      ['d', '06-01-2026', 1, JANUARY],
      ['d', '99-01-2026', 1, JANUARY],
    ];
    await upstreamSends(rows);
    await load();
    const first = [await facts(), await rejects()];
    await database.admin.script('truncate public.summary_daily, canon.driver_day_trips, canon.trip_rejects');
    await upstreamSends(rows.toReversed());
    await load();
    expect([await facts(), await rejects()]).toEqual(first);
  });
});
