import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { json } from '../../../functions/core/database.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

interface Night {
  readonly rows: readonly Row[];
  /** Of the rows within the overlap, counted from the latest: they leave the source. */
  readonly withdrawn: readonly number[];
}

interface Row {
  readonly driver: string | null;
  readonly date: string | null;
  readonly count: number | null;
  readonly seconds: number | null;
  /** Nights before this one; null for a row without a moment. */
  readonly ago: number | null;
}

const OVERLAP = 3;

const row: fc.Arbitrary<Row> = fc.record({
  driver: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('a', 'b') }, fc.constantFrom(null, '')),
  date: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('01-01-2026', '02-01-2026') },
    fc.constantFrom(null, '', '2026-01-01', '31-02-2026', '00-01-2026', '01-01-2026 '),
  ),
  count: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 2 }) }, fc.constantFrom(null, -1)),
  seconds: fc.constantFrom(null, 0, 60),
  ago: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: OVERLAP }) }, fc.constant(null)),
});

const night: fc.Arbitrary<Night> = fc.record({
  rows: fc.array(row, { maxLength: 6 }),
  withdrawn: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }),
});

const facts = `select driver_id, trip_date, trips, work_seconds, source_created_at from canon.driver_day_trips order by 1, 2`;
const rejects = `select row_digest, ordinal, reason, driver_id, trip_date, count_orders_completed from canon.trip_rejects order by 1, 2`;

describe.each(versions)('loading trips night by night on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const load = () => runJob(database, tripsLoad, { asOf: '2026-02-01', overlapDays: OVERLAP });
  const state = async () => [await ask(database.admin, facts), await ask(database.admin, rejects)];

  test('ends as one load of everything would, and tells of each reject once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(night, { minLength: 2, maxLength: 8 }), async (nights) => {
        await database.admin.script(emptied);
        for (const [index, { rows, withdrawn }] of nights.entries()) {
          await database.admin.sql`
            insert into public.summary_daily
            select driver, date, count, seconds, timestamp '2026-01-10' + make_interval(days => ${index}::integer - ago)
            from jsonb_to_recordset(${json(rows)}) as r (driver text, date text, count integer, seconds numeric, ago integer)`;
          // What leaves within the overlap is noticed; what left before it is for a load with a longer one.
          await database.admin.sql`
            delete from public.summary_daily where ctid in (
              select ctid from (
                select ctid, row_number() over (order by ctid desc) as place from public.summary_daily
                where created_at is null or created_at >= (select max(created_at) from public.summary_daily) - interval '3 days'
              ) recent
              where place in (select jsonb_array_elements(${json(withdrawn)})::integer))`;
          const ran = await load();
          const anew = Object.values(ran.report?.['rejects_new'] ?? {}).reduce(
            (sum: number, n) => sum + Number(n),
            0,
          );
          expect(ran.decisions).toHaveLength(anew);
          expect((await load()).decisions).toEqual([]);
        }
        const nightly = await state();
        await database.admin.script('truncate canon.driver_day_trips, canon.trip_rejects');
        await load();
        expect(nightly).toEqual(await state());
        expect(await ask(database.admin, `select * from ops.check_cabinet_trips_complete`)).toEqual([]);
      }),
      { numRuns: 20, interruptAfterTimeLimit: 40_000 },
    );
  });
});
