import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { goldenDirectory, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const stages = z.array(z.int());
/** What the data set says must come out, written by hand and not by this code. */
const expected = z
  .looseObject({
    as_of: z.string(),
    limbo: z.looseObject({
      total: z.int(),
      with_identity: z.int(),
      with_trips: z.int(),
      by_week: z.record(z.string(), stages),
      leads_after_2026_01_05: stages,
      first_lead_date: z.string(),
      last_lead_date: z.string(),
      trip_bands: z.record(z.string(), z.int()),
    }),
    achieved: z.object({ m1: z.int(), m5: z.int(), m25: z.int(), total: z.int(), amount: z.string() }),
  })
  .parse(JSON.parse(readFileSync(join(goldenDirectory, 'expected.json'), 'utf8')));

describe.each(versions)('the relations over the golden data on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  const asOf = expected.as_of;
  beforeAll(async () => {
    await runJob(database, tripsLoad, { asOf });
  });
  const answer = (query: string) => ask(database.admin, query, asOf);

  /** Leads, without identity, without driver, without trips; those with trips are TRIPS_NO_CLAIM and OK together. */
  const counted = `count(*), count(*) filter (where person_key is null), count(*) filter (where person_key is not null and driver_id is null),
    count(*) filter (where driver_id is not null and trips_14d = 0), count(*) filter (where trips_14d > 0)`;
  const split = ([
    leads = 0,
    nobody = 0,
    driverless = 0,
    tripless = 0,
    unclaimed = 0,
    ok = 0,
  ]: readonly number[]) => [leads, nobody, driverless, tripless, unclaimed + ok].join(' | ');

  test('resolve leads to persons, drivers and trips, week by week', async () => {
    const weeks = Object.entries(expected.limbo.by_week).map(
      ([week, figures]) => `${week} | ${split(figures)}`,
    );
    expect(
      await answer(
        `select week_start, ${counted} from ops.v_cabinet_lead_resolution group by 1 order by 1 desc`,
      ),
    ).toEqual(weeks);
    const { total, with_identity, with_trips, first_lead_date, last_lead_date } = expected.limbo;
    expect(
      await answer(`select count(*), count(person_key), count(*) filter (where trips_14d > 0), min(lead_date), max(lead_date)
        from ops.v_cabinet_lead_resolution`),
    ).toEqual([[total, with_identity, with_trips, first_lead_date, last_lead_date].join(' | ')]);
    expect(
      await answer(`select ${counted} from ops.v_cabinet_lead_resolution where lead_date > '2026-01-05'`),
    ).toEqual([split(expected.limbo.leads_after_2026_01_05)]);
  });

  test('count their trips in bands', async () => {
    const bands = Object.entries(expected.limbo.trip_bands).map(([band, leads]) => `${band} | ${leads}`);
    expect(
      await answer(`select case when trips_14d < 5 then '1-4' when trips_14d < 25 then '5-24' else '25+' end, count(*)
        from ops.v_cabinet_lead_resolution where trips_14d > 0 group by 1 order by min(trips_14d)`),
    ).toEqual(bands);
  });

  test('give each reason to as many leads as have it', async () => {
    const [nobody, driverless, tripless] = [1, 2, 3].map((stage) =>
      Object.values(expected.limbo.by_week).reduce((sum, week) => sum + (week[stage] ?? 0), 0),
    );
    expect(
      await answer(`select expected_reason_detail, count(*) from ops.v_cabinet_claims_expected_14d
        where milestone = 1 group by 1 order by 1`),
    ).toEqual([
      `INSUFFICIENT_TRIPS | ${tripless}`,
      `NO_DRIVER | ${driverless}`,
      `NO_IDENTITY | ${nobody}`,
      `OK | ${expected.limbo.with_trips}`,
    ]);
  });

  test('calculate what drivers achieved under the partner’s rules', async () => {
    const { m1, m5, m25, total, amount } = expected.achieved;
    const achieved = `from ops.v_payment_calculation
      where origin_tag = 'cabinet' and rule_scope = 'partner' and milestone_achieved`;
    expect(
      await answer(
        `select milestone_trips, count(distinct driver_id), count(*) ${achieved} group by 1 order by 1`,
      ),
    ).toEqual([`1 | ${m1} | ${m1}`, `5 | ${m5} | ${m5}`, `25 | ${m25} | ${m25}`]);
    expect(await answer(`select count(*), sum(amount) ${achieved}`)).toEqual([`${total} | ${amount}`]);
    expect(
      await answer(`select count(*) from ops.v_payment_calculation
        where milestone_achieved <> (achieved_trips_in_window >= milestone_trips)`),
    ).toEqual(['0']);
  });

  test('agree with conversion metrics on the trips of 14 days', async () => {
    expect(
      await answer(`select count(*) > 0, count(*) filter (where m.trips_14d <> r.trips_14d)
        from ops.v_cabinet_lead_resolution r
        join observational.v_conversion_metrics m on m.person_key = r.person_key and m.origin_tag = 'cabinet' and m.lead_date = r.lead_date`),
    ).toEqual(['true | 0']);
  });
});
