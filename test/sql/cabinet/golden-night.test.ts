import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { validation } from '../../../functions/cabinet/validation.ts';
import { goldenDirectory, testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';

const counts = z.object({ m1: z.int(), m5: z.int(), m25: z.int(), total: z.int(), amount: z.string() });
const run = z.looseObject({
  gaps_found: z.int(),
  gaps_open_total: z.int(),
  claims_inserted: z.int(),
  invalid_conditions: z.int(),
});

/** What the data set says must come out, written by hand and not by this code. */
const expected = z
  .looseObject({
    as_of: z.string(),
    claims_expected: counts,
    claims_physical_before: counts,
    gap_before: counts.extend({ by_week: z.record(z.string(), z.array(z.int())) }),
    gap_after: counts.extend({ reduction_pct: z.string() }),
    claims_job: z.looseObject({
      cutoff_lead_date: z.string(),
      dry_run: z.looseObject({
        would_insert: z.int(),
        would_insert_amount: z.string(),
        claims_in_table_after: z.int(),
      }),
      first_run: run.extend({
        gaps_found_m1: z.int(),
        gaps_found_m5: z.int(),
        gaps_found_m25: z.int(),
        inserted_m1: z.int(),
        inserted_m5: z.int(),
        inserted_m25: z.int(),
        inserted_amount: z.string(),
        invalid_m1: z.int(),
        invalid_m5: z.int(),
        invalid_reason: z.string(),
        claims_in_table_after: z.int(),
      }),
      second_run: run,
    }),
    trip_rejects: z.record(z.string(), z.int()),
  })
  .parse(JSON.parse(readFileSync(join(goldenDirectory, 'expected.json'), 'utf8')));

const figures = z.object({ count: z.int(), amount: z.string() });
const byMilestone = z.object({ 1: figures, 5: figures, 25: figures, total: figures });
const report = z.looseObject({
  by_milestone: z.object({
    before: byMilestone,
    selected: byMilestone,
    inserted: byMilestone,
    vetoed: byMilestone,
    after: byMilestone,
  }),
});

describe.each(versions)('the golden night on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  const asOf = expected.as_of;
  async function claims(): Promise<{ all: number; imported: number }> {
    const [row] = await database.admin.sql(z.strictObject({ all: z.int(), imported: z.int() }))`
      select count(*)::integer as all, count(*) filter (where rule_id is null)::integer as imported
      from canon.claims_yango_cabinet_14d`;
    return row ?? { all: -1, imported: -1 };
  }
  function totals(of: z.infer<typeof byMilestone>) {
    return {
      m1: of[1].count,
      m5: of[5].count,
      m25: of[25].count,
      total: of.total.count,
      amount: of.total.amount,
    };
  }
  const milestones = (ran: Ran) => report.parse(ran.report).by_milestone;

  let trips: Ran;
  beforeAll(async () => {
    await runJob(database, paymentsIngest, { asOf });
    trips = await runJob(database, tripsLoad, { asOf });
    await runJob(database, achievementsRecord, { asOf });
  });

  test('loads the trips and rejects what is none, counted by reason', async () => {
    expect(trips.status).toBe('succeeded');
    expect(trips.report?.['rejects_new']).toEqual(expected.trip_rejects);
    const again = await runJob(database, tripsLoad, { asOf });
    expect(again).toMatchObject({
      findings: 0,
      report: { facts_inserted: 0, facts_updated: 0, facts_removed: 0, rejects_new: {} },
    });
  });

  test('expects what the data set says', async () => {
    const rows = await database.admin.sql(
      z.strictObject({ milestone: z.int(), n: z.int(), amount: z.string() }),
    )`
      select milestone, count(*)::integer as n, sum(amount_expected)::text as amount
      from ops.v_cabinet_claims_expected_14d where claim_expected group by milestone order by milestone`;
    const { m1, m5, m25 } = expected.claims_expected;
    expect(rows.map(({ n }) => n)).toEqual([m1, m5, m25]);
  });

  test('finds the gaps week by week', async () => {
    const rows = await database.admin.sql(z.strictObject({ week: z.iso.date(), gaps: z.array(z.int()) }))`
      select week_start as week,
             array[count(*) filter (where milestone_value = 1), count(*) filter (where milestone_value = 5),
                   count(*) filter (where milestone_value = 25)]::integer[] as gaps
      from ops.v_cabinet_claims_gap_14d group by week_start`;
    expect(Object.fromEntries(rows.map(({ week, gaps }) => [week, gaps]))).toEqual(
      expected.gap_before.by_week,
    );
  });

  test('dry: says what it would insert and leaves the table as it was', async () => {
    const { dry_run } = expected.claims_job;
    const dry = await runJob(database, claimsReconcile, { asOf, limit: 100, dryRun: true });
    expect(dry.report).toMatchObject({
      would_insert: dry_run.would_insert,
      claims_inserted: 0,
      by_milestone: { would_insert: { total: { amount: dry_run.would_insert_amount } } },
    });
    expect(dry.decisions.filter(({ decision }) => decision === 'WOULD_INSERT')).toHaveLength(
      dry_run.would_insert,
    );
    expect((await claims()).all).toBe(dry_run.claims_in_table_after);
  });

  test('first run: inserts, vetoes with their reasons, and closes that many gaps', async () => {
    const { first_run, cutoff_lead_date } = expected.claims_job;
    const ran = await runJob(database, claimsReconcile, { asOf, limit: 100 });
    const m = milestones(ran);
    expect(ran.report).toMatchObject({
      window: { cutoff_lead_date },
      gaps_open_total: first_run.gaps_open_total,
      gaps_found: first_run.gaps_found,
      processed: first_run.gaps_found,
      claims_inserted: first_run.claims_inserted,
      claims_updated: 0,
      claims_skipped_paid: 0,
      claims_skipped_rejected: 0,
      claims_already_exist: 0,
      invalid_conditions: first_run.invalid_conditions,
      errors: 0,
      reduction_pct: expected.gap_after.reduction_pct,
    });
    expect(totals(m.before)).toMatchObject(stripWeeks(expected.gap_before));
    expect(totals(m.after)).toMatchObject(stripWeeks(expected.gap_after));
    expect(totals(m.inserted)).toEqual({
      m1: first_run.inserted_m1,
      m5: first_run.inserted_m5,
      m25: first_run.inserted_m25,
      total: first_run.claims_inserted,
      amount: first_run.inserted_amount,
    });
    expect([m.selected[1].count, m.selected[5].count, m.selected[25].count]).toEqual([
      first_run.gaps_found_m1,
      first_run.gaps_found_m5,
      first_run.gaps_found_m25,
    ]);
    expect([m.vetoed[1].count, m.vetoed[5].count]).toEqual([first_run.invalid_m1, first_run.invalid_m5]);
    const vetoed = ran.decisions.filter(({ decision }) => decision === 'VETOED');
    expect(new Set(vetoed.map(({ reason }) => reason))).toEqual(new Set([first_run.invalid_reason]));
    expect(vetoed.map(({ detail }) => detail)).toEqual(['NO_LEAD_EVENT', 'NO_LEAD_EVENT', 'NO_LEAD_EVENT']);
    expect(await claims()).toEqual({
      all: first_run.claims_in_table_after,
      imported: expected.claims_physical_before.total,
    });
  });

  test('second run: finds what was vetoed, inserts nothing', async () => {
    const { second_run } = expected.claims_job;
    const ran = await runJob(database, claimsReconcile, { asOf, limit: 100 });
    expect(ran.report).toMatchObject({
      gaps_found: second_run.gaps_found,
      gaps_open_total: second_run.gaps_open_total,
      claims_inserted: 0,
      invalid_conditions: second_run.invalid_conditions,
    });
  });

  test('the checks pass', async () => {
    const ran = await runJob(database, validation, { asOf });
    expect(ran.decisions.filter(({ decision }) => decision === 'FAILED')).toEqual([]);
    const warnings = ran.decisions.filter(({ decision }) => decision === 'WARNING');
    // Nothing has refreshed the materialized view here; golden-validation.test.ts has the whole night.
    expect(warnings.map(({ subject }) => subject)).toEqual(['mv_as_of']);
    expect(ran.findings).toBe(0);
  });

  test('decisions name no person: neither names nor phones', async () => {
    const rows = await database.admin.sql(z.strictObject({ subject: z.string() }))`
      select d.subject from ops.decisions d
      where exists (
        select from public.module_ct_cabinet_leads l
        where d.evidence::text like '%' || right(regexp_replace(l.park_phone, '[^0-9]', '', 'g'), 9) || '%'
          and length(regexp_replace(l.park_phone, '[^0-9]', '', 'g')) >= 9
      )`;
    expect(rows).toEqual([]);
  });
});

function stripWeeks({ m1, m5, m25, total, amount }: z.infer<typeof counts>) {
  return { m1, m5, m25, total, amount };
}
