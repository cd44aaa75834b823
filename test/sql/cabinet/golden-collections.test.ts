import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { goldenDirectory, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

/** What the data set says must come out, written by hand and not by this code. */
const expected = z
  .looseObject({
    as_of: z.string(),
    limbo: z.looseObject({
      total: z.int(),
      NO_IDENTITY: z.int(),
      NO_DRIVER: z.int(),
      NO_TRIPS_14D: z.int(),
      TRIPS_NO_CLAIM: z.int(),
      OK: z.int(),
      with_identity: z.int(),
      pct_with_identity: z.string(),
      actionable: z.int(),
      with_trips: z.int(),
      by_week: z.record(z.string(), z.array(z.int())),
      leads_after_2026_01_05: z.array(z.int()),
      trip_bands: z.record(z.string(), z.int()),
    }),
    claims_expected: z.looseObject({ m1: z.int(), m5: z.int(), m25: z.int(), amount: z.string() }),
    achieved: z.looseObject({ m1: z.int(), m5: z.int(), m25: z.int(), total: z.int(), amount: z.string() }),
    reconciled: z.looseObject({ OK: z.int() }),
    cobranza_mv: z.looseObject({
      drivers: z.int(),
      with_scout: z.int(),
      without_scout: z.int(),
      pct_with_scout: z.string(),
      buckets: z.record(z.string(), z.int()),
      with_debt: z.int(),
      debt: z.string(),
      expected: z.string(),
      paid: z.string(),
      overpaid: z.string(),
      universe_limbo_only: z.int(),
    }),
    scouts: z.looseObject({
      attribution_persons: z.int(),
      conflicts: z.int(),
      raw_from_cabinet_payments: z.int(),
      ledger_persons_with_scout: z.int(),
      scouting_rows: z.int(),
      persons: z.int(),
    }),
  })
  .parse(JSON.parse(readFileSync(join(goldenDirectory, 'expected.json'), 'utf8')));
const { limbo, cobranza_mv: cobranza, scouts, achieved, as_of: asOf } = expected;

describe.each(versions)('collections on the golden data, PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  const answer = (query: string) => ask(database.admin, query, asOf);
  const stages = `count(*), count(*) filter (where limbo_stage = 'NO_IDENTITY'), count(*) filter (where limbo_stage = 'NO_DRIVER'),
    count(*) filter (where limbo_stage = 'NO_TRIPS_14D'), count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM'),
    count(*) filter (where limbo_stage = 'OK')`;
  beforeAll(async () => {
    await runJob(database, paymentsIngest, { asOf });
    await runJob(database, tripsLoad, { asOf });
  });

  const limboIs = async () => {
    const { total, NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM, OK } = limbo;
    expect(await answer(`select ${stages} from ops.v_cabinet_leads_limbo`)).toEqual([
      [total, NO_IDENTITY, NO_DRIVER, NO_TRIPS_14D, TRIPS_NO_CLAIM, OK].join(' | '),
    ]);
  };

  test('limbo: every stage, in total, by week and after 2026-01-05', async () => {
    await limboIs();
    expect(
      await answer(`select week_start, ${stages} from ops.v_cabinet_leads_limbo group by 1 order by 1 desc`),
    ).toEqual(Object.entries(limbo.by_week).map(([week, counts]) => [week, ...counts].join(' | ')));
    expect(
      await answer(`select ${stages} from ops.v_cabinet_leads_limbo where lead_date > '2026-01-05'`),
    ).toEqual([limbo.leads_after_2026_01_05.join(' | ')]);
  });

  test('limbo: identity, what is actionable, trip bands', async () => {
    expect(
      await answer(`select count(person_key), round(100.0 * count(person_key) / count(*), 2),
        count(*) filter (where limbo_stage in ('NO_IDENTITY', 'NO_DRIVER', 'TRIPS_NO_CLAIM')), count(*) filter (where trips_14d > 0)
        from ops.v_cabinet_leads_limbo`),
    ).toEqual([
      [limbo.with_identity, limbo.pct_with_identity, limbo.actionable, limbo.with_trips].join(' | '),
    ]);
    expect(
      await answer(`select count(*) filter (where reached_m1_14d and not reached_m5_14d),
        count(*) filter (where reached_m5_14d and not reached_m25_14d), count(*) filter (where reached_m25_14d),
        sum(expected_amount_14d) from ops.v_cabinet_leads_limbo`),
    ).toEqual([
      [...['1-4', '5-24', '25+'].map((band) => limbo.trip_bands[band]), expected.claims_expected.amount].join(
        ' | ',
      ),
    ]);
  });

  test('limbo: generated claims change nothing in the stages, and show as the family they are', async () => {
    await runJob(database, claimsReconcile, { asOf, limit: 100 });
    await limboIs();
    expect(
      await answer(`select count(*) filter (where has_claim_m1), count(*) filter (where has_generated_claim_m1),
        count(*) filter (where has_generated_claim_m5), count(*) filter (where has_generated_claim_m25)
        from ops.v_cabinet_leads_limbo`),
    ).toEqual(['52 | 22 | 8 | 0']);
    expect(
      await answer(
        `select evidence ->> 'family', count(*) from ops.check_cabinet_claim_families group by 1 order by 1`,
      ),
    ).toEqual([`derived_without_generated | ${achieved.total - 30}`]);
  });

  test('derived claims: as many as achieved, 54 of them paid', async () => {
    expect(
      await answer(`select count(*) filter (where milestone_value = 1), count(*) filter (where milestone_value = 5),
        count(*) filter (where milestone_value = 25), count(*), sum(expected_amount), count(*) filter (where paid_flag)
        from ops.v_claims_payment_status_cabinet`),
    ).toEqual([
      [achieved.m1, achieved.m5, achieved.m25, achieved.total, achieved.amount, expected.reconciled.OK].join(
        ' | ',
      ),
    ]);
  });

  test('the materialized view: drivers, scouts, buckets, debt; row by row what the live view says', async () => {
    await runJob(database, mvRefresh, { asOf });
    const mv = 'ops.mv_yango_cabinet_cobranza_enriched_14d';
    expect(
      await answer(`select count(*), count(scout_id), count(*) - count(scout_id), round(100.0 * count(scout_id) / count(*), 2),
        count(*) filter (where amount_due_yango > 0), sum(amount_due_yango), sum(expected_total_yango), sum(total_paid_yango),
        sum(amount_overpaid) from ${mv}`),
    ).toEqual([
      [
        cobranza.drivers,
        cobranza.with_scout,
        cobranza.without_scout,
        cobranza.pct_with_scout,
        cobranza.with_debt,
        cobranza.debt,
        cobranza.expected,
        cobranza.paid,
        cobranza.overpaid,
      ].join(' | '),
    ]);
    expect(
      Object.fromEntries(
        (await answer(`select scout_quality_bucket, count(*) from ${mv} group by 1`)).map((line) => {
          const [bucket = '', count] = line.split(' | ');
          return [bucket, Number(count)];
        }),
      ),
    ).toEqual(cobranza.buckets);
    expect(
      await answer(`(select * from ${mv} except select * from ops.v_cabinet_cobranza_enriched_14d)
        union all (select * from ops.v_cabinet_cobranza_enriched_14d except select * from ${mv})`),
    ).toEqual([]);
  });

  test('a page is read in its order from an index, and the live view is not planned for it', async () => {
    await runJob(database, mvRefresh, { asOf });
    const plan = await database.admin.transaction(async (sql) => {
      await sql.script(`create temporary table plan (line text) on commit drop;
        do $$ declare r text; begin
          for r in execute 'explain select * from ops.cabinet_cobranza(true, true, null, null, null, null, null, null, null)
                            order by lead_date desc, driver_id limit 10'
          loop insert into plan values (r); end loop;
        end $$`);
      return sql(z.strictObject({ line: z.string() }))`select line from plan`;
    });
    const text = plan.map(({ line }) => line).join('\n');
    expect(text).toMatch(/Index Scan using idx_mv_cobranza_enriched_(debt_page|page|lead_date)/);
    expect(text).not.toMatch(/Seq Scan|cobranza_live/);
  });

  test('five drivers are in it for their leads alone, and those are the leads that stand without claim', async () => {
    const only = await answer(`select f.driver_id from ops.v_cabinet_financial_14d f
      where not exists (select from observational.v_person_origins o where o.driver_id = f.driver_id and o.origin_tag = 'cabinet')
      order by 1`);
    expect(only).toHaveLength(cobranza.universe_limbo_only);
    expect(only).toEqual(
      await answer(
        `select driver_id from ops.v_cabinet_leads_limbo where limbo_stage = 'TRIPS_NO_CLAIM' order by 1`,
      ),
    );
  });

  test('scouts: persons, conflicts over all sources, raw rows by source', async () => {
    expect(
      await answer(`select (select count(*) from ops.v_scout_attribution), (select count(*) from ops.v_scout_attribution_conflicts),
        count(*) filter (where source_table = 'public.module_ct_cabinet_payments'),
        count(*) filter (where source_table = 'observational.lead_ledger'),
        count(*) filter (where source_table = 'public.module_ct_scouting_daily'),
        (select count(*) from canon.identity_registry)
        from ops.v_scout_attribution_raw`),
    ).toEqual([
      [
        scouts.attribution_persons,
        scouts.conflicts,
        scouts.raw_from_cabinet_payments,
        scouts.ledger_persons_with_scout,
        scouts.scouting_rows,
        scouts.persons,
      ].join(' | '),
    ]);
  });

  test('the funnel: its stages are those of limbo, its expected claims those of the data set', async () => {
    const { m1, m5, m25, amount } = expected.claims_expected;
    expect(
      await answer(`select sum(leads_total), sum(limbo_no_identity), sum(limbo_no_driver), sum(limbo_no_trips_14d),
        sum(limbo_trips_no_claim), sum(limbo_ok), sum(claims_expected_m1), sum(claims_expected_m5), sum(claims_expected_m25),
        sum(debt_expected_total), sum(claims_present_m1), sum(claims_present_m5), sum(claims_present_m25)
        from ops.v_cabinet_14d_funnel_audit_weekly`),
    ).toEqual([
      [
        limbo.total,
        limbo.NO_IDENTITY,
        limbo.NO_DRIVER,
        limbo.NO_TRIPS_14D,
        limbo.TRIPS_NO_CLAIM,
        limbo.OK,
        m1,
        m5,
        m25,
        amount,
        achieved.m1,
        achieved.m5,
        achieved.m25,
      ].join(' | '),
    ]);
  });

  test('the weekly funnel, a week as the data set published it', async () => {
    expect(
      await answer(`select leads_total, leads_with_identity, leads_with_driver, drivers_with_trips_14d, reached_m1_14d, reached_m5_14d,
        reached_m25_14d, claims_expected_m1, claims_expected_m5, debt_expected_total, pct_with_identity, pct_with_driver
        from ops.v_cabinet_14d_funnel_audit_weekly where week_start = '2025-12-15'`),
    ).toEqual(['86 | 70 | 18 | 6 | 6 | 4 | 1 | 6 | 4 | 390.00 | 81.40 | 25.71']);
  });
});
